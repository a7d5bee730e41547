"""The report as its readers get it: from an example report to the bytes of each output."""

import json
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import regex
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from markdown_it import MarkdownIt

from wslogs import resources
from wslogs.errors import TemplateError
from wslogs.report import markdown, render, terminal, write
from wslogs.report.pictures import journey, strip
from wslogs.report.view import view
from wslogs.report.words import place, words

EXAMPLES = sorted((Path(__file__).parent / "data" / "report").glob("*.json"))
FORMATS = ("html", "md", "json")
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a | b | c",
    "```\n# heading\n```",
    "`one` ``two``",
    "[x](http://evil.example/)",
    "![x](http://evil.example/p.png)",
    "https://evil.example/ www.evil.example",
    "@everyone #1 !2 :rocket: GH-3",
    "**bold** _it_ ~~gone~~",
    "</details></style>",
    "{{ 7 * 7 }} {% raw %}",
    "1. list\n- item\n> quote",
    "&lt;b&gt; &#64;",
]
VOID = {"meta", "br", "col", "path", "rect", "circle"}


def example(name: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "report" / name).read_text("utf-8"))
    return report


def html(report: dict[str, Any], lang: str = "en") -> str:
    return render(report, ["html"], lang)["report.html"].decode()


def md(report: dict[str, Any], lang: str = "en") -> str:
    return render(report, ["md"], lang)["report.md"].decode()


def gfm(text: str) -> str:
    """As GitHub shows it."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


class Page(HTMLParser):
    """What a browser finds: open tags, all start tags with their attributes, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(value: Any, text: str) -> Any:
    """The report with the text in place of every string that isn't one of the contract's own words."""
    if isinstance(value, dict):
        own = {"status", "outcome", "state", "stage", "tier", "first", "last", "started", "at", "ended", "lang"}
        return {key: item if key in own else hostile(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item, text) for item in value]
    return text if isinstance(value, str) else value


def proofs(report: dict[str, Any]) -> Iterator[str]:
    for incident in report["incidents"]:
        yield from (place(item) for item in incident["evidence"] + incident["against"])
    for cause in report["causes"]:
        yield from (place(item) for item in cause["because"])


# The same in all three ------------------------------------------------------------------------------------------------


def test_there_are_examples_of_each_status() -> None:
    statuses = {json.loads(path.read_text("utf-8"))["verdict"]["status"] for path in EXAMPLES}
    assert statuses == {"failure", "healthy", "undetermined"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_html_markdown_and_json_say_the_same(path: Path) -> None:
    report = example(path.name)
    files = render(report, FORMATS, report["lang"])
    page, paper = Page(files["report.html"].decode()).text, Page(gfm(files["report.md"].decode())).text
    reader, verdict = words(report["lang"]), report["verdict"]

    assert files["report.json"].decode() == json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    expected = [reader.label(verdict["status"], "status"), str(report["attempt_count"]), report["tool"]["patterns"]]
    expected += [verdict[key] for key in ("title", "detail") if verdict[key]]
    expected += [attempt["id"] for attempt in report["attempts"]] + list(proofs(report))
    expected += [source["path"] for source in report["bundle"]["sources"]]
    expected += [text.replace("`", "") for text in (verdict["summary"], *report["caveats"])]
    expected += [item["need"].replace("`", "") for item in report["next"]]
    for text in expected:
        assert text in page
        assert text in paper


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_same_report_gives_the_same_bytes(path: Path) -> None:
    report = example(path.name)
    assert render(report, FORMATS, "ru") == render(json.loads(json.dumps(report)), FORMATS, "ru")


def test_first_ten_lines_of_markdown_stand_alone() -> None:
    top = "\n".join(md(example("failure.json")).split("\n")[:10])
    for text in ("Failure", "2026-11-20 10:04:10", "9 of 11", "3 clients", "proxy.upgrade-headers", "app.conf:23"):
        assert text in top
    assert "Set the three directives" in top


def test_the_terminal_gets_the_verdict() -> None:
    assert terminal(example("failure.json"), "en").splitlines() == [
        "Failure: nginx does not pass the upgrade on",
        "Since 10:04 nginx sends WebSocket requests for `/api/v1/ws` to the app as plain HTTP, and the app refuses them"
        " with 400; the browser sees 1006.",
        "When: 2026-11-20 10:04:10.102 \N{EN DASH} 10:06:44.102 UTC",
        "Attempts: 9 of 11",
        "Confidence: 0.97 (41 of 42 like this)",
        "What to do: Set the three directives in the location that serves `/api/v1/ws`, then reload nginx.",
        "Proof: nginx/conf.d/app.conf:23, logs/access.log:41, logs/app.log:11",
        "Caveats: 2",
    ]


@pytest.mark.parametrize("report", [*(example(path.name) for path in EXAMPLES), {}, {"verdict": {"status": "healthy"}}])
def test_the_terminal_gets_four_to_eight_lines(report: dict[str, Any]) -> None:
    assert 4 <= len(terminal(hostile(report, "a\nb\x1b[31m"), "en").splitlines()) <= 8
    assert "\x1b" not in terminal(hostile(report, "a\nb\x1b[31m"), "en")


# Hostile and missing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_html(text: str) -> None:
    calm, page = Page(html(example("failure.json"))), Page(html(hostile(example("failure.json"), text)))
    assert not page.open
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in calm.tags}
    assert {name for _, attrs in page.tags for name in attrs} <= {name for _, attrs in calm.tags for name in attrs}
    assert text in page.text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_markdown(text: str) -> None:
    calm, page = Page(gfm(md(example("failure.json")))), Page(gfm(md(hostile(example("failure.json"), text))))
    assert not page.open
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in calm.tags}
    assert sum(tag == "tr" for tag, _ in page.tags) == sum(tag == "tr" for tag, _ in calm.tags)
    assert sum(tag == "td" for tag, _ in page.tags) == sum(tag == "td" for tag, _ in calm.tags)
    assert " ".join(text.split()).replace("`", "") in page.text.replace("`", "")


LINKS = ["https://x.example/", "www.x.example", "@you", "a@b.example", "#12", "owner/r#1", "!3", ":+1:", "0123abc"]


@pytest.mark.parametrize("word", LINKS)
def test_what_would_become_a_link_or_a_mention_is_code(word: str) -> None:
    assert markdown.text(f"see {word} now") == f"see `{word}` now"


@pytest.mark.parametrize(
    ("given", "code"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a|b", "`a\\|b`"), ("a\n\nb", "`a b`"), ("", "")],
)
def test_a_code_span_has_a_fence_longer_than_what_is_inside(given: str, code: str) -> None:
    assert markdown.code(given) == code


def test_a_value_is_escaped_unless_a_filter_made_it_markdown() -> None:
    assert markdown.finalize("<b>|") == "\\<b\\>\\|"
    assert markdown.finalize(markdown.code("<b>")) == "`<b>`"
    assert markdown.finalize(markdown.code("x") + "<b>") == "\\`x\\`\\<b\\>"


ODD = ["\x00", "\x1b[2J", "\x7f", "\x85", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\ud800"]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
@pytest.mark.parametrize("name", FORMATS)
def test_no_control_bidirectional_or_broken_character_gets_out(odd: str, name: str) -> None:
    out = render(hostile(example("failure.json"), f"a{odd}b"), [name], "en")[f"report.{name}"].decode("utf-8")
    assert odd not in out
    assert "a\N{REPLACEMENT CHARACTER}" in out


def test_json_has_no_nan() -> None:
    report = {"verdict": {"confidence": float("nan")}, "attempts": [{"lasted_s": float("inf")}]}
    assert render(report, ["json"], "en")["report.json"] == (
        b'{\n "verdict": {\n  "confidence": null\n },\n "attempts": [\n  {\n   "lasted_s": null\n  }\n ]\n}\n'
    )


def without(value: Any, missing: str) -> Iterator[Any]:
    """The value once for each of its keys, at any depth, with that key gone, None or empty."""
    if isinstance(value, dict):
        for key, item in value.items():
            rest = {name: other for name, other in value.items() if name != key}
            empty = {"gone": rest, "none": rest | {key: None}, "empty": rest | {key: type(item)() if item else item}}
            yield empty[missing]
            for changed in without(item, missing):
                yield rest | {key: changed}
    elif isinstance(value, list) and value:
        for changed in without(value[0], missing):
            yield [changed, *value[1:]]


@pytest.mark.parametrize("missing", ["gone", "none", "empty"])
def test_any_key_may_be_missing(missing: str) -> None:
    report = example("failure.json")
    for part in ("attempts", "causes", "close_codes", "caveats"):
        report[part] = report[part][:1]
    report["bundle"]["sources"] = report["bundle"]["sources"][:1]
    report["attempts"][0]["journey"] = report["attempts"][0]["journey"][:1]
    for changed in without(report, missing):
        assert render(changed, ("html", "md"), "en")


@pytest.mark.parametrize("status", ["failure", "healthy", "undetermined"])
def test_a_report_of_nothing_is_still_a_report(status: str) -> None:
    files = render({"verdict": {"status": status}}, FORMATS, "en")
    assert not Page(files["report.html"].decode()).open
    assert words("en").label(status, "unnamed") in files["report.md"].decode()


def test_an_unknown_format_or_language_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        render({}, ["html"], "xx")


# The page -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_is_well_formed_and_loads_nothing(path: Path) -> None:
    page = Page(html(example(path.name)))
    assert not page.open
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {tag for tag, _ in page.tags}
    for _, attrs in page.tags:
        assert not {"src", "srcset", "style", "data", "action"} & attrs.keys()
        assert not any(name.startswith("on") for name in attrs)
        assert (attrs.get("href") or "#").startswith("#")
    assert "url(" not in html(example(path.name)) and "@import" not in html(example(path.name))


def test_the_policy_names_the_one_style() -> None:
    page = html(example("failure.json"))
    policy = next(a["content"] for t, a in Page(page).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_headings_go_down_by_one_and_references_exist(path: Path) -> None:
    page = Page(html(example(path.name)))
    levels = [int(tag[1]) for tag, _ in page.tags if regex.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = {attrs["href"][1:] for _, attrs in page.tags if attrs.get("href")}  # type: ignore[index]
    assert wanted | {attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs} <= set(ids)


def test_each_table_has_a_caption_and_each_heading_cell_a_scope() -> None:
    tags = Page(html(example("failure.json"))).tags
    assert sum(tag == "table" for tag, _ in tags) == sum(tag == "caption" for tag, _ in tags)
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in tags if tag == "th")


def test_the_page_shows_200_attempts_and_says_how_many_there_are() -> None:
    report = example("failure.json")
    report["attempts"] = [report["attempts"][3] | {"id": f"A{at}"} for at in range(10_000)]
    report["attempt_count"] = 100_000
    page = html(report)
    assert "The first 200; 99,800 more are counted in report.json." in page
    assert ">A199<" in page and ">A200<" not in page
    assert len(page) < 400_000


def test_attempts_that_are_not_listed_are_counted_in_the_verdict_too() -> None:
    report = example("undetermined.json")
    listed, tokens = len(report["attempts"]), {a["token"] for a in report["attempts"] if a["token"]}
    assert view(report)["scope"] | {"first": None, "last": None, "clients": 0} == {
        "first": None, "last": None, "attempts": listed, "tokens": len(tokens), "clients": 0, "partial": False,
    }  # fmt: skip
    report["outcomes"], report["attempt_count"] = {"failed": 900, "worked": 40, "unknown": 60}, 1000
    assert (view(report)["scope"]["attempts"], view(report)["scope"]["partial"]) == (960, True)
    page = html(report)
    assert "<dd>960<span>of 1,000 in the bundle</span></dd>" in page and "at least" in page


def stormy(count: int = 1000, **backoff: Any) -> dict[str, Any]:
    """The example with a storm of so many attempts in place of its attempts, and one attempt beside it."""
    report = example("failure.json")
    one = report["attempts"][3] | {"ended_in": "upstream", "ended_because": {"source": "logs/access.log", "line": 41, "at": None}}
    storm = {
        "id": "S1", "attempts": [f"A{at}" for at in range(50)], "attempt_count": count, "first": "2026-11-20T10:00:00Z",
        "last": "2026-11-20T10:16:39Z", "token": "T1", "client": "C1 public", "url": one["url"], "outcome": "failed", "cause": "proxy",
        "detail": "proxy.upgrade-headers", "per_minute": 60.1,
        "waits": {"least_s": 0.9, "median_s": 1.0, "most_s": 2.5, "error_s": 0.001},
        "backoff": {"kind": "constant", "wait_s": 1.0, "factor": None, "cap_s": None} | backoff,
    }  # fmt: skip
    told = [one | {"id": f"A{at}", "storm": "S1"} for at in range(count)] + [one | {"id": f"A{count}", "storm": None}]
    return report | {"attempts": told, "attempt_count": count + 1, "storms": [storm]}


def test_a_storm_is_one_row_that_unfolds() -> None:
    page = Page(html(stormy()))
    assert [attrs.get("class") for tag, attrs in page.tags if tag == "tr"].count("storm") == 1
    alone = stormy(0) | {"storms": []}
    assert sum(tag == "tr" for tag, _ in page.tags) == sum(tag == "tr" for tag, _ in Page(html(alone)).tags) + 1
    for text in ("1,000 attempts", "60.1 per minute", "a wait of 1.0 s each time", "A49 ", "950 more are in report.json."):
        assert text in page.text.replace("\xa0", " ")
    assert "A50 " not in page.text and "A1000" in page.text


def test_a_storm_is_one_row_in_markdown_too() -> None:
    paper = md(stormy())
    assert [line for line in paper.splitlines() if line.startswith("| S1, 1,000 attempts |")]
    assert not [line for line in paper.splitlines() if line.startswith("| A0 |")]
    shown = Page(gfm(paper))
    assert not shown.open
    assert "Unfold (1,000)" in shown.text and "A49 " in shown.text and "950 more are in report.json." in shown.text


@pytest.mark.parametrize(
    ("backoff", "en", "ru"),
    [
        ({"kind": "none", "wait_s": 0.01}, "no wait between tries", "без пауз между попытками"),
        ({"kind": "constant", "wait_s": 0.25}, "a wait of 250 ms each time", "каждый раз пауза 250 мс"),
        (
            {"kind": "growing", "wait_s": 1.0, "factor": 2.0, "cap_s": 30.0},
            "waits that grow from 1.0 s by a factor of 2.0 up to 30 s",
            "паузы растут от 1,0 с, каждая в 2,0 раза длиннее, до 30 с",
        ),
        (
            {"kind": "growing", "wait_s": 1.0, "factor": 1.5},
            "waits that grow from 1.0 s by a factor of 1.5",
            "паузы растут от 1,0 с, каждая в 1,5 раза длиннее",
        ),
        (
            {"kind": "irregular", "wait_s": 1.0},
            "waits between 900 ms and 2.5 s, half of them under 1.0 s",
            "паузы от 900 мс до 2,5 с, половина короче 1,0 с",
        ),
    ],
)
def test_a_back_off_is_told_in_words(backoff: dict[str, Any], en: str, ru: str) -> None:
    report = stormy(21, **backoff)
    for lang, told, count in (("en", en, "21 attempts"), ("ru", ru, "21 попытка")):
        for text in (Page(html(report, lang)).text, Page(gfm(md(report, lang))).text):
            assert told in text.replace("\xa0", " ") and count in text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_a_storm_stays_text(text: str) -> None:
    calm, page = Page(html(stormy(9))), Page(html(hostile(stormy(9), text)))
    assert not page.open
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in calm.tags}
    assert not Page(gfm(md(hostile(stormy(9), text)))).open


@pytest.mark.parametrize("missing", ["gone", "none", "empty"])
def test_any_key_of_a_storm_may_be_missing(missing: str) -> None:
    report = stormy(9)
    for storms in without(report["storms"], missing):
        assert render(report | {"storms": storms}, ("html", "md"), "en")


def test_a_journey_tells_what_is_implied_how_sure_its_times_are_and_who_ended_it() -> None:
    report = example("failure.json")
    for attempt in report["attempts"]:
        attempt["journey"][0] |= {"implied_by": "request", "at": None}
        attempt["journey"][3] |= {"error_s": 1.0, "ordered": False, "logged": "20/Nov/2026:15:04:10 +0500"}
    for text in (Page(html(report)).text, Page(gfm(md(report))).text):
        told = " ".join(text.split())
        for wanted in (
            "implied by: Request",
            "≈ 10:04:10.210 ± 1.0 s",
            "20/Nov/2026:15:04:10 +0500",
            "ended by: app",
            "≈ within its error bar",
        ):
            assert wanted in told


def test_it_is_said_where_nothing_shows_who_ended_it() -> None:
    report = example("failure.json")
    report["attempts"] = [attempt | {"ended_by": "unknown"} for attempt in report["attempts"]]
    assert "nothing shows who ended it" in Page(html(report)).text
    assert "nothing shows who ended it" in md(report)


# Pictures -------------------------------------------------------------------------------------------------------------


def step(stage: str, state: str, tier: str) -> dict[str, Any]:
    return {"stage": stage, "state": state, "tier": tier, "source": "a.log", "line": 1, "at": None}


def test_the_journey_goes_through_the_lanes_and_ends_where_it_stopped() -> None:
    steps = [step("connect", "passed", "browser"), step("accept", "stopped", "app"), step("open", "unknown", "")]
    drawn = journey({"id": "A1", "journey": steps})
    assert [[cell["wire"] for cell in row["cells"]] for row in drawn["rows"]] == [
        ["M1 1V2", "", ""],
        ["M1 0V1H2", "M0 1H2", "M0 1H1"],
        ["", "", ""],
    ]
    assert [row["beyond"] for row in drawn["rows"]] == [False, False, True]
    assert drawn["stopped"] == steps[1]


def test_failures_hang_below_the_line_and_one_among_thousands_is_seen() -> None:
    started = [("2026-11-20T10:00:00Z", "worked")] * 5000 + [("2026-11-20T10:01:00Z", "failed")]
    drawn = strip([{"started": at, "outcome": outcome} for at, outcome in started])
    assert drawn is not None and drawn["bucket_s"] == 1
    worked, failed = drawn["bars"]
    assert worked["y"] + worked["height"] == pytest.approx(drawn["axis"], abs=0.02) and failed["y"] == drawn["axis"]
    assert failed["height"] >= 1.5


def test_eight_thousand_years_fold_into_120_bars() -> None:
    drawn = strip([{"started": f"{year:04}-01-01T00:00:00Z", "outcome": "failed"} for year in range(1, 8000)])
    assert drawn is not None and len(drawn["bars"]) <= 120
    assert max(bar["x"] + bar["width"] for bar in drawn["bars"]) <= drawn["width"]


@pytest.mark.parametrize("starts", [[], [None], ["2026-11-20T10:00:00Z"] * 3, ["yesterday", "2026-11-20T10:00:00Z"]])
def test_no_strip_without_a_span(starts: list[str | None]) -> None:
    assert strip([{"started": at, "outcome": "failed"} for at in starts]) is None


# Words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "en", "ru"),
    [
        (None, "\N{EN DASH}", "\N{EN DASH}"),
        (0.112, "112 ms", "112 мс"),
        (1.34, "1.3 s", "1,3 \N{CYRILLIC SMALL LETTER ES}"),
        (59.7, "1 min", "1 мин"),
        (7500, "2 h 5 min", "2 ч 5 мин"),
        (90061, "1 d 1 h", "1 д 1 ч"),
        (-1.3, "\N{MINUS SIGN}1.3 s", "\N{MINUS SIGN}1,3 \N{CYRILLIC SMALL LETTER ES}"),
    ],
)
def test_durations_are_for_people(seconds: float | None, en: str, ru: str) -> None:
    assert [words(lang).lasted(seconds).replace("\xa0", " ") for lang in ("en", "ru")] == [en, ru]


def test_a_period_names_the_day_once() -> None:
    reader = words("en")
    first = "2026-11-20T10:00:05Z"
    assert reader.period(first, "2026-11-20T10:04:10.250Z") == "2026-11-20 10:00:05 \N{EN DASH} 10:04:10.250 UTC"
    assert reader.period(first, "2026-11-21T00:00:00Z") == ("2026-11-20 10:00:05 \N{EN DASH} 2026-11-21 00:00:00 UTC")
    assert reader.period(first, None) == "2026-11-20 10:00:05 UTC"
    assert reader.period(None, None) == "\N{EN DASH}"


@pytest.mark.parametrize(("text", "counts"), [("попытка", (1, 21, 101)), ("попытки", (2, 24)), ("попыток", (0, 5, 11, 14, 111))])
def test_russian_has_three_plurals(text: str, counts: tuple[int, ...]) -> None:
    for count in counts:
        assert words("ru").ngettext("%(count)s attempt", "%(count)s attempts", count) == f"%(count)s {text}"


def test_each_text_of_the_frame_has_a_russian_translation() -> None:
    code = Path(sys.modules["wslogs.report"].__file__ or "").parent
    found = [
        *extract_from_dir(resources.path("reports/templates"), [("**.j2", "jinja2.ext:babel_extract")]),
        *extract_from_dir(code, [("**.py", "python")]),
    ]
    texts = {message for _, _, message, _, _ in found}
    with (resources.path("reports/locale") / "ru.po").open("rb") as file:
        catalog = read_po(file, locale="ru")
    entries = {m.id: m for m in catalog if m.id}
    assert texts and texts == entries.keys()
    for entry in entries.values():
        forms = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        assert all(forms) and not entry.fuzzy
        assert not list(entry.check(catalog))


def test_the_russian_page_has_no_english_frame() -> None:
    page = Page(html(example("failure.ru.json"), "ru")).text
    for text in ("What to do", "Attempts", "ruled out", "stopped here", "more are"):
        assert text not in page
    assert "Что делать" in page and "11 попыток" in page


# Other templates -----------------------------------------------------------------------------------------------------


def postmortem(report: dict[str, Any], name: str, lang: str = "en") -> str:
    return render(report, [name], lang, template="postmortem")[f"postmortem.{name}"].decode()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_post_mortem_holds_the_facts(path: Path) -> None:
    report = example(path.name)
    page, text = Page(postmortem(report, "html")), gfm(postmortem(report, "md"))
    for said in (page.text, Page(text).text):
        assert "Timeline" in said and "Action items" in said
        if report["verdict"]["detail"]:
            assert report["verdict"]["detail"] in said
        for incident in report["incidents"][:3]:
            assert incident["id"] in said or not incident["first"]
    assert not page.open


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_a_post_mortem(text: str) -> None:
    calm, loud = example("failure.json"), hostile(example("failure.json"), text)
    for one, other in ((postmortem(calm, "html"), postmortem(loud, "html")), (gfm(postmortem(calm, "md")), gfm(postmortem(loud, "md")))):
        page = Page(other)
        assert not page.open
        assert {tag for tag, _ in page.tags} <= {tag for tag, _ in Page(one).tags} | {"code"}
        assert {name for _, attrs in page.tags for name in attrs} <= {name for _, attrs in Page(one).tags for name in attrs}


def test_the_diagram_of_the_journey() -> None:
    lanes = {"browser": "browser", "proxy": "nginx", "app": "app"}
    messages = [
        ("browser", "proxy", "Request, 10:00:00", True),
        ("app", "proxy", "Accept", True),
        ("proxy", "browser", "Close <b>; end\n  x", False),
        ("", "", "Close", False),
    ]
    assert markdown.mermaid(lanes, messages).splitlines() == [
        "```mermaid",
        "sequenceDiagram",
        "    participant browser as browser",
        "    participant proxy as nginx",
        "    participant app as app",
        "    browser->>proxy: Request, 10:00:00",
        "    app-->>proxy: Accept",
        "    proxy-xbrowser: Close  b   end   x",
        "    Note over browser,app: Close",
        "```",
    ]


def test_templates_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "short.md.j2").write_text(
        "{{ verdict.detail }} {{ report.bundle.name | code }} {{ _('Attempts') }}: {{ total | number }}\n"
    )
    made = render(example("failure.json"), ["md", "json"], "ru", template="short", folders=[tmp_path])
    assert list(made) == ["short.md", "report.json"]
    assert made["short.md"].decode() == "proxy.upgrade-headers `support-4711.zip` Попытки: 11\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "known: postmortem, ticket"),
        ("{% if %}", "short.md.j2:1"),
        ("{{ no_such_thing }}", "docs/templates.md"),
        ("{{ ''.__class__.__mro__ }}", "docs/templates.md"),
        ("{% include 'none.j2' %}", "none.j2"),
    ],
    ids=["missing", "wrong", "an unknown variable", "what the sandbox forbids", "includes what is missing"],
)
def test_a_bad_template_is_refused_by_name(text: str | None, words: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "short.md.j2").write_text(text)
    with pytest.raises(TemplateError, match=words):
        render(example("failure.json"), ["md"], "en", template="short", folders=[tmp_path])


def test_each_variable_of_a_template_is_documented() -> None:
    """docs/templates.md lists the variables; what they hold stands in contract.md and shape.py."""
    told = regex.findall(r"^- `(\w+)`", (Path(__file__).parent.parent / "docs" / "templates.md").read_text("utf-8"), regex.MULTILINE)
    assert set(told) == set(view(example("failure.json")))


# Files ----------------------------------------------------------------------------------------------------------------


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_write_puts_every_file_in_place(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deep"
    assert write({"a": b"1", "b": b"2"}, folder) == [folder / "a", folder / "b"]
    assert write({"a": b"3"}, folder) == [folder / "a"]
    assert listing(folder) == {"a": b"3", "b": b"2"}


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["open", "replace"])
@pytest.mark.parametrize("before", [{}, {"a": b"old a", "b": b"old b"}])
def test_write_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, step: str, before: dict[str, bytes]
) -> None:
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)
    calls, real = [], getattr(Path, step)

    def failing(self: Path, *args: Any) -> Any:
        calls.append(self)
        if len(calls) == 2:
            raise error
        return real(self, *args)

    monkeypatch.setattr(Path, step, failing)
    with pytest.raises(type(error)):
        write({"a": b"1", "b": b"2"}, tmp_path)
    monkeypatch.undo()
    assert len(calls) >= 2
    assert listing(tmp_path) == before


def test_write_makes_no_folder_it_cannot_fill(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b").mkdir()
    with pytest.raises(IsADirectoryError):
        write({"a": b"1", "b": b"2"}, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError):
        write({"a": b"1"}, tmp_path / "file" / "new")


def test_a_try_whose_start_is_not_told_is_drawn_where_it_ended() -> None:
    drawn = strip([
        {"started": None, "ended": "2026-11-23T10:00:00Z", "outcome": "worked"}, {"started": "2026-11-23T10:00:10Z", "outcome": "failed"},
        {"started": None, "ended": None, "outcome": "unknown"},
    ])  # fmt: skip
    assert drawn is not None and [bar["outcome"] for bar in drawn["bars"]] == ["worked", "failed"]
