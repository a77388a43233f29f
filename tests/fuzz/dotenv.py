""".dev.vars and .env."""

from __future__ import annotations

from kvlens.worker.dotenv import parse

EXAMPLES = (
    b'# secrets\nTOKEN="a b"\nexport B=\'$x\'\nC=`x\ny`\nD=one # comment\nE=\nF: yaml\nG="\\n"\n',
    b"A=one\r\nB=${A}-two\nC=${X:-d}\nD=\\$A\nE=$A$B${C}\n",
)
WORDS = (
    *(b"A=", b"export ", b"${A}", b"${A:-", b"${B-", b"}", b"$", b"\\$", b"\\n", b"#", b"A=$A\n"),
    *(b'B="${A}${A}"\n', b"'", b'"', b"`", b": "),
)


def target(data: bytes) -> None:
    """Read it."""
    for name, value in parse(data.decode("utf-8", "replace")).items():
        assert name
        assert isinstance(value, str)
