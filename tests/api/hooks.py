"""What schemathesis cannot make up: addresses with a checksum, names of members, signed transactions. BOUYA_KNOWN names a file with some."""

import json
import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

KNOWN = json.loads(Path(os.environ["BOUYA_KNOWN"]).read_text())
RAW = st.sampled_from(KNOWN["raw"])
ADDRESS = st.sampled_from(KNOWN["names"]["addresses"])

@schemathesis.hook
def before_load_schema(context, schema):
    """A format of ours says all that its pattern says, and more: what is made from the pattern alone is not what is meant."""
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if str(value.get("format")).startswith("bouya-"):
                value.pop("pattern", None)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


schemathesis.openapi.format("bouya-address", ADDRESS)
schemathesis.openapi.format("bouya-id", st.from_regex(r"\A[a-z]([a-z0-9-]{0,20}[a-z0-9])?\Z").filter(lambda text: text != "ca"))
schemathesis.openapi.format("bouya-transaction", RAW)
schemathesis.openapi.format("bouya-addresses", st.lists(ADDRESS, min_size=1, max_size=3).map(",".join))
schemathesis.openapi.format("bouya-host", st.sampled_from(["10.20.30.40", "peer.example", "2001:db8::7"]))
schemathesis.openapi.format("bouya-network", st.sampled_from(KNOWN["names"]["networks"]))
schemathesis.openapi.media_type("application/octet-stream", RAW.map(bytes.fromhex))
