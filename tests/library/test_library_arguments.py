"""Arguments of `mfaGate`: what is wrong ends the build before it pauses, all at once, in plain sentences."""

import pytest
from groovy_driver import Library, request_text

NAMES = "names and values are needed, such as [version: params.VERSION]."
VALUE = "text, number, true or false is needed. Write .toString() after it."
KNOWN = "action, details, environment, factor, message, quorum, subject, timeoutMinutes, watchEnv"

FAULTS: dict[str, tuple[str, list[str]]] = {
    "nothing_given": ("mfaGate { sh 'deploy' }", ["environment is missing."]),
    "mistyped": (
        "mfaGate(enviroment: 'production') { sh 'deploy' }",
        [f'"enviroment" is not an argument. Nearest: environment. Known: {KNOWN}.', "environment is missing."],
    ),
    "far_from_all": (
        "mfaGate(environment: 'x', submitter: 'dev') { sh 'deploy' }",
        [f'"submitter" is not an argument. Nearest: subject. Known: {KNOWN}.'],
    ),
    "environment_form": (
        "mfaGate(environment: 'Production') { sh 'deploy' }",
        [
            (
                'environment is "Production"; up to 64 of a-z, 0-9, dot, dash and underscore are needed,'
                " a letter or digit first."
            )
        ],
    ),
    "environment_null": ("mfaGate(environment: null) { sh 'deploy' }", ["environment is null; text is needed."]),
    "action_number": ("mfaGate(environment: 'x', action: 5) { sh 'deploy' }", ["action is 5; text is needed."]),
    "minutes_as_text": (
        "mfaGate(environment: 'x', timeoutMinutes: '20') { sh 'deploy' }",
        ['timeoutMinutes is "20" (text); a whole number from 1 to 1440 is needed.'],
    ),
    "minutes_with_a_fraction": (
        "mfaGate(environment: 'x', timeoutMinutes: 1.5) { sh 'deploy' }",
        ["timeoutMinutes is 1.5; a whole number from 1 to 1440 is needed."],
    ),
    "minutes_0": (
        "mfaGate(environment: 'x', timeoutMinutes: 0) { sh 'deploy' }",
        ["timeoutMinutes is 0; a whole number from 1 to 1440 is needed."],
    ),
    "quorum_11": (
        "mfaGate(environment: 'x', quorum: 11) { sh 'deploy' }",
        ["quorum is 11; a whole number from 1 to 10 is needed."],
    ),
    "quorum_true": (
        "mfaGate(environment: 'x', quorum: true) { sh 'deploy' }",
        ["quorum is true; a whole number from 1 to 10 is needed."],
    ),
    "factor_unknown": (
        "mfaGate(environment: 'x', factor: 'sms') { sh 'deploy' }",
        ['factor "sms" is not known: push, push+number, totp, webauthn.'],
    ),
    "message_empty": (
        "mfaGate(environment: 'x', message: '') { sh 'deploy' }",
        ["message is empty; 1 to 300 characters are needed."],
    ),
    "message_of_megabytes": (
        "mfaGate(environment: 'x', message: 'm' * 300000) { sh 'deploy' }",
        ["message is larger than 256 KiB; text is needed."],
    ),
    "details_name_of_megabytes": (
        "mfaGate(environment: 'x', details: [('k' * 300000): 1]) { sh 'deploy' }",
        [f"details is a map with a name that is empty, too long or no text; {NAMES}"],
    ),
    "message_reverses": (
        "mfaGate(environment: 'x', message: 'a\\u202eb') { sh 'deploy' }",
        ["message holds U+202E, which can reverse text. Remove it."],
    ),
    "details_long": (
        "mfaGate(environment: 'x', details: [version: 'v' * 214]) { sh 'deploy' }",
        ["details.version is 214 characters long; 200 are allowed, and nothing is cut."],
    ),
    "details_many": (
        "def d = [:]; (1..23).each { d['d' + it] = 'x' }; mfaGate(environment: 'x', details: d) { sh 'deploy' }",
        ["details has 23 entries; 20 are allowed."],
    ),
    "details_two_spaces": (
        "mfaGate(environment: 'x', details: [name: 'a  b']) { sh 'deploy' }",
        ["details.name holds two spaces in a row."],
    ),
    "details_null": (
        "mfaGate(environment: 'x', details: [x: null]) { sh 'deploy' }",
        ["details.x is null; text, number, true or false is needed."],
    ),
    "details_closure": (
        "mfaGate(environment: 'x', details: [x: { 1 }]) { sh 'deploy' }",
        ["details.x is a closure; text, number, true or false is needed."],
    ),
    "details_map": (
        "mfaGate(environment: 'x', details: [x: [y: 1]]) { sh 'deploy' }",
        ["details.x is a map; text, number, true or false is needed."],
    ),
    "details_date": (
        "mfaGate(environment: 'x', details: [x: new Date(0)]) { sh 'deploy' }",
        [f"details.x is an object of java.util.Date; {VALUE}"],
    ),
    "details_whole_number_of_any_size": (
        "mfaGate(environment: 'x', details: [x: 12345678901234567890G]) { sh 'deploy' }",
        [f"details.x is an object of java.math.BigInteger; {VALUE}"],
    ),
    "details_float": (
        "mfaGate(environment: 'x', details: [x: 1.5f]) { sh 'deploy' }",
        [f"details.x is an object of java.lang.Float; {VALUE}"],
    ),
    "details_of_all_parameters": (
        "mfaGate(environment: 'x', details: Collections.unmodifiableMap([A: '1'])) { sh 'deploy' }",
        [f"details is an object of java.util.Collections$UnmodifiableMap; {NAMES}"],
    ),
    "details_empty_name": (
        "mfaGate(environment: 'x', details: ['': 'y']) { sh 'deploy' }",
        [f"details is a map with a name that is empty, too long or no text; {NAMES}"],
    ),
    "details_number_of_many_digits": (
        "mfaGate(environment: 'x', details: [x: 1e-50, y: 1e999999999]) { sh 'deploy' }",
        [
            f"details.x is a number of more than 30 digits; {VALUE}",
            f"details.y is a number of more than 30 digits; {VALUE}",
        ],
    ),
    "quorum_of_many_digits": (
        "mfaGate(environment: 'x', quorum: 1e100) { sh 'deploy' }",
        ["quorum is a number of more than 30 digits; a whole number from 1 to 10 is needed."],
    ),
    "message_of_a_date": (
        "mfaGate(environment: 'x', message: \"at ${new Date(0)}\") { sh 'deploy' }",
        ["message is a text made of an object, or too large; text is needed. Write .toString() after it."],
    ),
    "action_date": (
        "mfaGate(environment: 'x', action: new Date(0)) { sh 'deploy' }",
        ["action is an object of java.util.Date; text is needed. Write .toString() after it."],
    ),
    "all_parameters": (
        "mfaGate(Collections.unmodifiableMap([environment: 'x'])) { sh 'deploy' }",
        [
            (
                "the arguments are an object of java.util.Collections$UnmodifiableMap; names and values are needed,"
                " such as environment: 'production'."
            )
        ],
    ),
    "details_own_label": (
        "mfaGate(environment: 'x', details: [environment: 'staging']) { sh 'deploy' }",
        ["details.environment has the name of an own line; it needs another one."],
    ),
    "details_list": (
        "mfaGate(environment: 'x', details: ['a']) { sh 'deploy' }",
        [f"details is a list; {NAMES}"],
    ),
    "subject_text": (
        "mfaGate(environment: 'x', subject: 'app') { sh 'deploy' }",
        ['subject is "app"; [name: …, digest: …] is needed.'],
    ),
    "subject_unknown": (
        "mfaGate(environment: 'x', subject: [name: 'app', tag: '1']) { sh 'deploy' }",
        ["subject.tag is not known: digest, name."],
    ),
    "secret_variable": (
        "mfaGate(environment: 'x', watchEnv: ['API_TOKEN']) { sh 'deploy' }",
        ["watchEnv: API_TOKEN looks like a secret and is not sent."],
    ),
    "variable_is_no_name": (
        "mfaGate(environment: 'x', watchEnv: ['A-B']) { sh 'deploy' }",
        ['watchEnv: "A-B" is no name of a variable.'],
    ),
    "variable_is_no_text": (
        "mfaGate(environment: 'x', watchEnv: [5]) { sh 'deploy' }",
        ["watchEnv: holds 5; names are needed."],
    ),
    "watch_env_text": (
        "mfaGate(environment: 'x', watchEnv: 'DB_HOST') { sh 'deploy' }",
        ['watchEnv is "DB_HOST"; a list of names is needed.'],
    ),
    "variable_value": (
        "withEnv(['A=x\\u200b']) { mfaGate(environment: 'x', watchEnv: ['A']) { sh 'deploy' } }",
        ["watchEnv: A holds U+200B, which cannot be seen. Remove it."],
    ),
    "more_than_can_be_shown": (
        (
            "def d = [:]; (1..9).each { d['d' + it] = 'x' * 200 }; def m = 'm' * 300;"
            " mfaGate(environment: 'x', message: m, details: d) { sh 'deploy' }"
        ),
        ["the request takes 2,212 to show; 2,200 are allowed: shorten details (1,872)."],
    ),
    "several_at_once": (
        "mfaGate(quorum: 0, factor: 'sms', message: '') { sh 'deploy' }",
        [
            "environment is missing.",
            "message is empty; 1 to 300 characters are needed.",
            "quorum is 0; a whole number from 1 to 10 is needed.",
            'factor "sms" is not known: push, push+number, totp, webauthn.',
        ],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_the_build_before_it_pauses(library: Library, trusting: str, name: str) -> None:
    """Nothing is asked, the body does not run, one line names every fault and what is allowed."""
    pipeline, sentences = FAULTS[name]
    end = library.play(trusting, pipeline)
    lines = [line for line in end["log"] if line.startswith("[mfaGate] ")]
    assert lines == [
        "[mfaGate] mfaGate cannot ask: " + " ".join(sentences),
        "[mfaGate] This build is marked ABORTED, whatever the Pipeline catches.",
    ]
    assert (end["asked"], end["done"], end["result"]) == ([], [], "ABORTED")


SECRETS = ["DB_PASSWORD", "passwd", "AWS_SECRET_ACCESS_KEY", "GH_PAT_TOKEN", "SSH_KEY", "Db_Pwd", "creds"]


@pytest.mark.parametrize("name", SECRETS)
def test_names_of_secrets_are_not_sent(library: Library, trusting: str, name: str) -> None:
    """The approvers' view holds no secret, whatever the author watches."""
    end = library.play(trusting, f"mfaGate(environment: 'x', watchEnv: ['{name}']) {{ }}", env={name: "hunter2"})
    assert end["asked"] == []
    assert "hunter2" not in str(end["log"])


@pytest.mark.parametrize("name", ["KEYBOARD", "AUTHOR", "DB_HOST", "MONKEY", "COMPASS"])
def test_names_that_only_look_alike_are_sent(library: Library, trusting: str, name: str) -> None:
    """Words are compared, not parts of words, where a part is common."""
    assert library.play(trusting, f"mfaGate(environment: 'x', watchEnv: ['{name}']) {{ }}")["asked"]


def test_a_credential_is_not_sent_whatever_its_name(library: Library, trusting: str) -> None:
    """S12: Jenkins masks in the log what `withCredentials` gives; neither Slack nor the input's page shows it."""
    pipeline = "withCredentials([DB_HOST: 'hunter2']) { mfaGate(environment: 'x', watchEnv: ['DB_HOST']) { sh 'x' } }"
    end = library.play(trusting, pipeline)
    assert end["asked"] == []
    assert any("watchEnv: DB_HOST is masked by Jenkins as a secret and is not sent." in line for line in end["log"])


@pytest.mark.parametrize("watched", ["PW", "pw"])
def test_a_password_parameter_is_not_sent_whatever_its_name(library: Library, trusting: str, watched: str) -> None:
    """S12: Jenkins also sets a parameter's name in capitals, so case does not count."""
    pipeline = f"mfaGate(environment: 'x', watchEnv: ['{watched}']) {{ sh 'x' }}"
    end = library.play(trusting, pipeline, env={watched: "hunter2"}, passwords=["Pw"])
    assert end["asked"] == []
    assert "hunter2" not in str(end)


def test_variables_beside_a_secret_are_sent(library: Library, trusting: str) -> None:
    """Only what Jenkins masks is held back."""
    pipeline = "withCredentials([DB_PW: 'x']) { mfaGate(environment: 'x', watchEnv: ['PLAIN', 'NONE']) { sh 'x' } }"
    end = library.play(trusting, pipeline, env={"PLAIN": "shown"}, passwords=["PW"])
    assert '"PLAIN": "shown"' in request_text(end["asked"][0])
