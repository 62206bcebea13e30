"""The two halves of the binary protocol, on the server and on the page, hold together to the byte."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import pytest

from poise.errors import InvalidValueError
from poise.studio import play_protocol as protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def page(cartpole_url: str, chromium: Browser) -> Iterator[Page]:
    """A page without the application: only its modules are called."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{cartpole_url}static/icon.svg")
    yield page
    context.close()


def on_page(page: Page, call: str, *arguments: Any) -> Any:
    return page.evaluate(
        f"""async (given) => {{
          const it = await import("/static/play_protocol.js");
          const bytes = (numbers) => new Uint8Array(numbers).buffer;
          const plain = (found) => found instanceof ArrayBuffer ? [...new Uint8Array(found)]
            : found?.png ? {{ ...found, png: [...found.png] }} : found;
          return plain({call});
        }}""",
        list(arguments),
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        ("it.begin(given[0], given[1], true)", (4_294_967_295, 12.5), protocol.Begin(4_294_967_295, 12.5, True)),
        ("it.begin(given[0], 0, false)", (0,), protocol.Begin(0, 0.0, False)),
        ("it.act(given)", (1,), protocol.Act((1.0,))),
        ("it.act(given)", (-0.5, 0.25, 2.0), protocol.Act((-0.5, 0.25, 2.0))),
        ("it.act([])", (), protocol.Act(())),
        ("it.seen(given[0])", (70_000,), protocol.Seen(70_000)),
        ("it.pause(given[0])", (True,), protocol.Pause(True)),
        ("it.pause(given[0])", (False,), protocol.Pause(False)),
    ],
)
def test_the_server_reads_what_the_page_writes(
    page: Page, call: str, given: tuple[Any, ...], expected: protocol.FromPage
) -> None:
    assert protocol.read(bytes(on_page(page, call, *given))) == expected


@pytest.mark.browser
def test_the_page_reads_what_the_server_writes(page: Page) -> None:
    flags = protocol.TERMINATED | protocol.BEGUN
    sent = protocol.state(flags, 70_000, -0.1, 1e300, [2.0, -1.0], [0.5, math.nan, -3.0])
    found = on_page(page, "it.read(bytes(given[0]))", list(sent))
    assert math.isnan(found["observation"][1])
    found["observation"][1] = None
    assert found == {
        "kind": "state",
        "terminated": True,
        "truncated": False,
        "begun": True,
        "step": 70_000,
        "reward": -0.1,
        "total": 1e300,
        "action": [2, -1],
        "observation": [0.5, None, -3],
    }
    found = on_page(page, "it.read(bytes(given[0]))", list(protocol.picture(9, b"PNG\xff")))
    assert found == {"kind": "picture", "step": 9, "png": list(b"PNG\xff")}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00",
        b"\xff",
        b"\x01\x02",
        b"\x02\x03\x00\x00",
        b"\x02",
        b"\x03",
        b"\x04\x01\x01",
        struct.pack("<BIfB", 1, 1, math.nan, 0),
        struct.pack("<BIfB", 1, 1, -1.0, 0),
    ],
)
def test_what_is_no_message_is_refused_in_words(message: bytes) -> None:
    with pytest.raises(InvalidValueError, match=r"message|steps a second"):
        protocol.read(message)
