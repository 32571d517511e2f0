package mfa

import com.cloudbees.groovy.cps.NonCPS
import java.nio.ByteBuffer
import java.nio.charset.StandardCharsets
import java.security.KeyFactory
import java.security.Signature
import java.security.spec.X509EncodedKeySpec

/**
 * The agent's signed word that a gate was approved: a compact JWS (RFC 7515) with Ed25519 (RFC 8037), version 1.
 *
 * Texts and numbers go in, a text comes out. Nothing here touches an object of the Pipeline.
 */
class Receipt implements Serializable {
    static final int MAX_BYTES = 16384
    static final int MAX_LIFE = 600
    static final int LEEWAY = 30
    static final String KID = '[A-Za-z0-9_-]{1,32}'
    static final String TYPE = 'mfa-receipt+jwt'
    static final String REFUSED = 'Not approved: the receipt '
    static final String BROKEN = 'is not a receipt'

    /**
     * Why the answer of the input does not pass the gate, as a sentence; '' if it does.
     *
     * @param answer  what `input` returned, frozen
     * @param request the text that was asked
     * @param nonce   the id of the input
     * @param place   what Steps.place() says, read after the wait
     * @param now     the controller's clock, in Unix seconds
     */
    @NonCPS
    static String verify(String answer, String request, String nonce, String place, long now) {
        Object given = Json.parse(answer)
        Map here = (Map) Json.parse(place)
        String submitter = given instanceof String ? (String) given : given instanceof Map ? word(((Map) given).submitter) : ''
        String who = submitter == '' ? 'somebody' : Text.visible(submitter)
        String token = token(answer)
        if (token == '') {
            return 'Not approved: ' + who + ' pressed Proceed, but only a receipt of jenkins-mfa counts. Confirm in Slack next time.'
        }
        String fault = submitter == here.agent ? fault(token, Request.sha256(request), Request.asked(request), nonce, place, now)
            : 'came through ' + who + ', not ' + here.agent
        return fault == '' ? '' : REFUSED + fault + '.'
    }

    /** The receipt in the answer of the input; '' if there is none. */
    @NonCPS
    static String token(String answer) {
        Object given = Json.parse(answer)
        return given instanceof Map ? word(((Map) given).MFA_RECEIPT) : ''
    }

    @NonCPS
    private static String word(Object value) {
        return value instanceof String ? (String) value : ''
    }

    /**
     * Why a receipt does not prove the approval of exactly this request of this gate, in the words that follow
     * "the receipt"; '' if it does. `ask` is the request's own part of that name as JSON: least factor, quorum.
     */
    @NonCPS
    static String fault(String token, String sha256, String ask, String nonce, String place, long now) {
        if (token.length() > MAX_BYTES) { return 'is larger than 16 KiB' }
        String[] parts = token.split('\\.', -1)
        if (parts.length != 3) { return BROKEN }
        Map header = part(parts[0])
        byte[] signature = bytes(parts[2])
        if (header == null || bytes(parts[1]) == null || signature == null) { return BROKEN }
        String fault = faultOfSignature(header, parts[0] + '.' + parts[1], signature, now)
        if (fault != '') { return fault }
        Map claims = part(parts[1])
        if (claims == null) { return BROKEN }
        return Claims.fault(claims, sha256, (Map) Json.parse(ask), nonce, (Map) Json.parse(place), now)
    }

    @NonCPS
    private static String faultOfSignature(Map header, String signed, byte[] signature, long now) {
        if (header.keySet() != new HashSet(['alg', 'kid', 'typ'])) { return 'has a header that no receipt has' }
        if (header.typ != TYPE || !(header.kid instanceof String) || !((String) header.kid ==~ KID)) { return BROKEN }
        List key = null
        for (List row : Trust.keys()) {
            if (row.get(0) == header.kid && (long) row.get(3) > now) { key = row }
        }
        if (key == null) { return 'is signed with key ' + header.kid + ', which is not known here' }
        if (header.alg != key.get(1)) { return 'is not signed as key ' + header.kid + ' signs: ' + key.get(1) }
        return isSignedBy((String) key.get(2), signed, signature) ? '' : 'has a wrong signature'
    }

    @NonCPS
    private static boolean isSignedBy(String key, String signed, byte[] signature) {
        if (signature.length != 64) { return false }
        Signature verifier = Signature.getInstance('Ed25519')
        verifier.initVerify(KeyFactory.getInstance('Ed25519').generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(key))))
        verifier.update(signed.getBytes('US-ASCII'))
        return verifier.verify(signature)
    }

    /** One part of the JWS as a JSON object; null if it is none, or one that two readers could read differently. */
    @NonCPS
    private static Map part(String encoded) {
        byte[] found = bytes(encoded)
        if (found == null) { return null }
        try {
            Object value = Json.parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(found)).toString())
            return value instanceof Map ? (Map) value : null
        } catch (java.nio.charset.CharacterCodingException | IllegalArgumentException e) {
            return null
        }
    }

    /** Base64url without padding, in its one canonical spelling; null otherwise. */
    @NonCPS
    private static byte[] bytes(String encoded) {
        if (!(encoded ==~ /[A-Za-z0-9_-]*/) || encoded.length() % 4 == 1) { return null }
        byte[] found = Base64.getUrlDecoder().decode(encoded)
        return Base64.getUrlEncoder().withoutPadding().encodeToString(found) == encoded ? found : null
    }

    /** What a verified receipt says, for the log: who approved by what, by which rule, and where the trail has it. */
    @NonCPS
    static String told(String token) {
        Map claims = part(token.split('\\.')[1])
        List<String> people = new ArrayList<String>()
        for (Map approver : (List<Map>) claims.approvers) {
            people.add(approver.id + ' (' + approver.factor + ', ' + Claims.clock((long) approver.at) + ')')
        }
        String who = people.isEmpty() ? 'Passed by the policy without a confirmation' : 'Approved: ' + people.join(', ')
        String how = claims.break_glass == true ? '; break-glass' : ''
        return who + how + '; rule ' + ((List) ((Map) claims.policy).rules).join(', ') + '. Receipt ' + claims.jti + ', trail ' +
            ((Map) claims.audit).seq + ' ' + ((Map) claims.audit).head
    }

    /** The newest key of jenkins-mfa, where a verified receipt says that this build was not told of it; '' otherwise. */
    @NonCPS
    static String newest(String token) {
        return word(part(token.split('\\.')[1]).newest_kid)
    }

    /** The same for the build's description, without times: approved by alice, bob (totp) */
    @NonCPS
    static String outcome(String token) {
        List<String> people = new ArrayList<String>()
        for (Map approver : (List<Map>) part(token.split('\\.')[1]).approvers) { people.add(approver.id + ' (' + approver.factor + ')') }
        return people.isEmpty() ? 'passed by the policy' : 'approved by ' + people.join(', ')
    }

    /** What the form without a body returns: the claims of the verified receipt, and the receipt itself. */
    @NonCPS
    static Map facts(String token) {
        Map claims = part(token.split('\\.')[1])
        return [gate: claims.jti, confirm: claims.confirm, approvers: claims.approvers, rules: ((Map) claims.policy).rules,
                audit: claims.audit, expires: claims.exp, receipt: token]
    }
}
