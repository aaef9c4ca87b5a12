"""When each alert of config/monitoring/alerts.yml must fire and when it must not, as promtool tests it."""

import json
import re
from dataclasses import dataclass, field

from processes import Failed, same

TARGET = {"instance": "alice:5000", "job": "bouya"}
# All series have a sample each minute, for two hours.
ALWAYS, NEVER, SAMPLES = "1+0x120", "0+0x120", 120
FAR = "1e9+0x120"


@dataclass
class Case:
    """`fires`: series under which it fires once they have held for its time. `silent`: others, under each of which it does not."""

    fires: dict
    silent: list
    # Of the alert, beside the target's and the rule's.
    labels: dict = field(default_factory=dict)
    # The minute from which on the condition holds.
    begins: int = 0


def state(name, fires=None, silent=()):
    """Fires in this state and in no other."""
    own = f'bouya_state{{state="{name}"}}'
    others = {'bouya_state{state="ready"}': ALWAYS, own: NEVER}
    return Case({own: ALWAYS, **(fires or {})}, [others, *({own: ALWAYS, **more} for more in silent)], {"state": name})


def ends(of, soon):
    """Of what ends: soon, or over."""
    renewal, expiry = f'bouya_renewal_timestamp_seconds{{of="{of}"}}', f'bouya_expiry_timestamp_seconds{{of="{of}"}}'
    good, near, over = {renewal: FAR, expiry: FAR}, {renewal: NEVER, expiry: FAR}, {renewal: NEVER, expiry: NEVER}
    return Case(near if soon else over, [good, over if soon else near], {"of": of})


def counter(name):
    """Fires within an hour after the count has grown."""
    return Case({name: "0+0x30 1+0x90"}, [{name: NEVER}, {name: "7+0x120"}], begins=31)


def commits(seconds):
    """Commits that take so long, one each minute."""
    bounds = ["0.512", "1.024", "2.048", "+Inf"]
    grows = lambda bound: "0+1x120" if seconds <= float(bound.replace("+Inf", "inf")) else NEVER
    return {f'bouya_commit_seconds_bucket{{le="{bound}"}}': grows(bound) for bound in bounds}


BOB = {"member": "bob"}
HEARD = 'bouya_member_heard{member="bob"}'
DESCRIPTORS = "bouya_sockets_exhausted_total"
GIB = 1024**3

CASES = {
    "BouyaRemoved": state("removed"),
    "BouyaCertificateRevoked": state("certificate-revoked"),
    "BouyaCertificateExpired": state("certificate-expired"),
    "BouyaCertificateNotYetValid": state("certificate-not-yet-valid"),
    "BouyaRefusesFinal": state("refuses-final"),
    "BouyaTwoHistories": state("two-histories"),
    "BouyaDiskFull": state("disk-full"),
    "BouyaOutdated": state("outdated"),
    "BouyaTipAhead": state("tip-ahead"),
    "BouyaClockOff": state("clock-off"),
    "BouyaSyncing": state("syncing"),
    # A founder before anybody has joined knows nobody.
    "BouyaAlone": state("alone", {"bouya_peers_known": "3+0x120"}, [{"bouya_peers_known": NEVER}]),
    "BouyaNotListed": state("not-listed"),
    "BouyaSilent": state("silent"),
    "BouyaVotesUnwritten": state("unwritten"),
    "BouyaStalled": state("stalled"),
    "BouyaHeld": state("held"),
    "BouyaDown": Case({"up": NEVER}, [{"up": ALWAYS}, {"up": "0 0 1 0 0 1+0x100"}]),
    # One upgrade is two starts at most; what crashes starts every few minutes.
    "BouyaRestarts": Case(
        {"bouya_start_time_seconds": "0+0x4 300+0x4 600+0x4 900+0x4 900+0x90"},
        [{"bouya_start_time_seconds": "0+0x30 1800+0x90"}, {"bouya_start_time_seconds": ALWAYS}],
        begins=15,
    ),
    "BouyaUpgradeDecided": Case({"bouya_upgrade_height": "9000+0x120"}, [{"bouya_upgrade_height": NEVER}]),
    # A node that sees nobody hears nobody: that is its own trouble.
    "BouyaMemberMissing": Case(
        {HEARD: NEVER, "bouya_peers_connected": "2+0x120"},
        [{HEARD: ALWAYS, "bouya_peers_connected": "2+0x120"}, {HEARD: NEVER, "bouya_peers_connected": NEVER}],
        BOB,
    ),
    "BouyaMemberFault": counter("bouya_member_faults_total"),
    "BouyaCertificateEndsSoon": ends("certificate", soon=True),
    "BouyaListDueSoon": ends("list", soon=True),
    "BouyaListOverdue": ends("list", soon=False),
    "BouyaCaEndsSoon": ends("ca", soon=True),
    "BouyaCaEnded": ends("ca", soon=False),
    "BouyaTwoMachines": counter("bouya_duplicate_identity_total"),
    "BouyaKeyChanged": counter("bouya_keys_changed_total"),
    "BouyaDiskLow": Case(
        {"bouya_disk_free_bytes": f"{GIB - 1}+0x120"},
        [{"bouya_disk_free_bytes": f"{GIB}+0x120"}, {"bouya_disk_free_bytes": f"{10 * GIB}+0x120"}],
    ),
    "BouyaSlowDisk": Case(commits(1.5), [commits(0.5)], begins=1),
    "BouyaNoDescriptors": counter(DESCRIPTORS),
}


def labelled(series):
    """A series with its target's labels too."""
    name, inner = re.fullmatch(r"(\w+)(?:\{(.*)\})?", series).groups()
    labels = [inner] if inner else []
    labels += [f'{label}="{value}"' for label, value in TARGET.items()]
    return f"{name}{{{','.join(labels)}}}"


def rendered(text, labels):
    """An annotation as it reaches somebody."""
    for label, value in labels.items():
        text = text.replace(f"{{{{ $labels.{label} }}}}", value)
    if "{{" in text:
        raise Failed(f"the test of an alert does not know a label in: {text}")
    return text


def tests_of(rule, case):
    """promtool's tests of a rule: it fires when its condition has held long enough and not a minute before, and never under others."""
    name, held = rule["name"], round(rule["duration"] / 60)
    labels = TARGET | case.labels
    fired = {
        "exp_labels": labels | rule["labels"],
        "exp_annotations": {key: rendered(text, labels) for key, text in rule["annotations"].items()},
    }
    at = lambda minute, alerts: {"eval_time": f"{minute}m", "alertname": name, "exp_alerts": alerts}
    due = case.begins + held
    before = [at(due - 1, [])] if due else []
    checks = [(case.fires, [*before, at(due, [fired])])]
    checks += [(series, [at(minute, []) for minute in range(SAMPLES)]) for series in case.silent]
    return [
        {
            "interval": "1m",
            "input_series": [{"series": labelled(key), "values": values} for key, values in series.items()],
            "alert_rule_test": checked,
        }
        for series, checked in checks
    ]


def check(bench, rules, groups):
    """Has promtool test each rule, one file for each."""
    alerts = {rule["name"]: rule for group in groups for rule in group["rules"]}
    same("alerts with a test (tests/watching/alerts.py)", sorted(CASES), sorted(alerts))
    files = []
    for name, rule in alerts.items():
        # A file of JSON is one of YAML.
        test = {"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": tests_of(rule, CASES[name])}
        files.append(bench.dir / f"{name}.yml")
        files[-1].write_text(json.dumps(test))
    bench.run("promtool", "test", "rules", *map(str, files))
    return len(files)
