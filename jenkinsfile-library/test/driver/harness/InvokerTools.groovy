package harness

import org.codehaus.groovy.runtime.InvokerHelper

/** Calls a static method with JSON's values; whole numbers become long or int as the method needs. */
class InvokerTools {
    static Object call(Class type, String method, List args) {
        return InvokerHelper.invokeStaticMethod(type, method, args.collect { it instanceof Integer ? (long) it : it } as Object[])
    }
}
