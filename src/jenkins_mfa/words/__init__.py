"""Every sentence that a person reads, once, as tuples of parts; `render` gives them a surface's own form."""
