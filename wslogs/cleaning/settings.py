""".env, docker-compose.yml, nginx's configuration, certificates: names and structure stay in place, values that may be secret go."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import regex
from dotenv.parser import parse_stream

from wslogs.cleaning.texts import LOOSEST, Texts
from wslogs.parsers import compose, env

if TYPE_CHECKING:
    from yaml import ScalarNode

_PLAIN = regex.compile(r"(?i)-?\d{1,6}(?:\.\d{1,3})?[smhdkMG]?|true|false|yes|no|on|off|null|none")
_SETTING = regex.compile(r"(?P<start>\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=[ \t]*)(?P<value>.*?)(?P<end>\s*)", regex.DOTALL)
_COMMENT = regex.compile(r"(?P<start>(?:^|(?<=\s))#+)(?P<text>[^\n]*)")
_LETTER = regex.compile(r"[^\W\d_]|\d")
_PEM = regex.compile(r"-----BEGIN (?P<label>[A-Z0-9 ]{1,40})-----(?P<body>[^-]*)(?:-----END (?P=label)-----)?")
_TOKEN = regex.compile(
    r"(?P<blank>\s+)|(?P<comment>#[^\n]*)|(?P<mark>[{};])|\"(?P<double>(?:[^\"\\]|\\.)*+)\"|'(?P<single>(?:[^'\\]|\\.)*+)'"
    r"|(?P<word>(?:\$\{\w+\}|\\.|[^\s{};\"'\\])(?:\$\{\w+\}|\\.|[^\s{};\\])*+)|(?P<other>.)",
    regex.DOTALL,
)
_ROWS = frozenset({"map", "geo", "split_clients", "types", "match"})
"""Blocks whose rows begin with a value and no name of a directive."""
_NAMES_HOSTS = frozenset({"server_name", "upstream", "server", "resolver", "listen", "proxy_ssl_name"})
_ARGUMENT = regex.compile(
    r"(?P<escape>\\.)|(?P<variable>\$\{?\w+\}?)|(?P<url>[a-z]{2,10}://[^\s\"'$;|)]+)|(?P<path>(?<![\w$}.)\]*])/[^\s\"'$;|()\[\]{}?*+^\\:]*)"
    r"|(?P<address>\b\d{1,3}(?:\.\d{1,3}){3}\b)|(?P<number>(?<![\w.])\d{1,6}(?:\.\d{1,6})?(?:ms|[smhdwMykKgG])?(?!\w))"
    r"|(?P<host>(?<![\w.-])(?:[A-Za-z0-9_-]+\.)+[A-Za-z][\w-]*(?!\w))|(?P<word>[^\W_]+(?:_[^\W_]+)*)"
)


class Settings:
    """Cleans what a bundle holds besides logs."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def env(self, text: str) -> str:
        """A .env, binding by binding: a value stays where it is a number, a flag, or an address or path without a secret name."""
        return "".join(self._binding(one.original.string, one.key) for one in parse_stream(io.StringIO(text)))

    def _binding(self, text: str, key: str | None) -> str:
        found = _SETTING.fullmatch(text)
        if key is None or found is None:
            return self._comments(text) if text.lstrip().startswith("#") or not text.strip() else self._shape(text)
        value, comment = found["value"], ""
        quote = value[:1] if len(value) > 1 and value[:1] in "\"'" and value.endswith(value[:1]) else ""
        if not quote and (cut := regex.search(r"\s+#", value)) is not None:
            value, comment = value[: cut.start()], self._comments(value[cut.start() :])
        bare = value[1:-1] if quote else value
        return f"{found['start']}{quote}{self.setting(key, bare)}{quote}{comment}{found['end']}"

    def setting(self, key: str, value: str) -> str:
        """The value of a name."""
        if "://" in value and not regex.search(r"\s", value):
            return self._texts.url(value)
        if env.SECRET.search(key):
            return self._texts.names.of(value, "value of .env")
        if _PLAIN.fullmatch(value) or not value:
            return value
        if value.startswith("/") and env.is_address(value):
            return self._texts.target(value)
        if env.is_address(value) and ":" in value:
            host, slash, path = value.partition("/")
            return self._texts.host(host) + slash + self._texts.path(path)
        return self._texts.names.of(value, "value of .env")

    def _comments(self, text: str) -> str:
        return _COMMENT.sub(lambda found: found["start"] + self._shape(found["text"]), text)

    def _shape(self, text: str) -> str:
        return _LETTER.sub("x", text)

    def compose(self, text: str) -> str | None:
        """A compose file with its texts in their places; None where it is not YAML that can be read."""
        import yaml  # few bundles hold one

        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError, ValueError):
            return None
        spans = sorted({(first, last): made for first, last, made in self._scalars(root, (), set())}.items())
        parts, place = list[str](), 0
        for (first, last), made in spans:
            if first >= place:
                parts += [self._comments(text[place:first]), made]
                place = last
        return "".join([*parts, self._comments(text[place:])])

    def _scalars(self, node: object, path: tuple[str, ...], seen: set[int]) -> Iterator[tuple[int, int, str]]:
        import yaml

        if id(node) in seen or len(path) > compose.DEEP:
            return
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield from self._scalars(value, (*path, str(key.value)), seen)
                if isinstance(key, yaml.ScalarNode) and len(path) > 2:
                    yield key.start_mark.index, key.end_mark.index, self._written(key, self._texts.words(key.value))
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                yield from self._scalars(value, path, seen)
        elif isinstance(node, yaml.ScalarNode):
            made = self._scalar(node.value, path)
            if made != node.value:
                yield node.start_mark.index, node.end_mark.index, self._written(node, made)

    def _scalar(self, value: str, path: tuple[str, ...]) -> str:
        place = path[2] if len(path) > 2 and path[0] == "services" else ""
        if place in compose.PLAIN:
            return value
        if place in ("environment", "labels", "args"):
            name, equals, rest = value.partition("=")
            if len(path) == 3 and equals:
                return f"{name}={self.setting(name, rest)}"
            return self.setting(path[-1], value) if len(path) > 3 else value
        return " ".join(self._word(word) for word in value.split(" "))

    def _word(self, word: str) -> str:
        return (
            word if env.is_address(word) and ":" not in word.partition("://")[2].partition("@")[0] else self._texts.line(word, equal=True)
        )

    @staticmethod
    def _written(node: ScalarNode, made: str) -> str:
        """A text as YAML writes it, on as many lines as it was."""
        first, last, style = node.start_mark.line, node.end_mark.line, node.style
        plain = made if style is None and regex.fullmatch(r"[\w./@:+=,*$-]*[\w/]", made) and ": " not in made else json.dumps(made)
        return plain + "\n" * (last - first)

    def conf(self, text: str) -> str:
        """nginx's configuration, token by token; names of directives, variables, hosts, numbers and known words stay."""
        return "".join(self._conf(text))

    def _conf(self, text: str) -> Iterator[str]:
        name, blocks, marks = "", list[str](), regex.compile(r"# configuration file (\S+):")
        for found in _TOKEN.finditer(text):
            token = found[0]
            if found["blank"] is not None:
                yield token
            elif found["comment"] is not None:
                dumped = marks.match(token)
                yield f"# configuration file {self._texts.path(dumped[1])}:" if dumped else "#" + self._shape(token[1:])
            elif found["mark"] is not None:
                if token == "{":
                    blocks.append(name)
                elif token == "}" and blocks:
                    blocks.pop()
                name = ""
                yield token
            else:
                row = blocks[-1] if blocks and blocks[-1] in _ROWS else ""
                if not name and not row and regex.fullmatch(r"[a-z][a-z0-9_]{1,60}", token):
                    name = token
                    yield token
                else:
                    yield self._argument(token, name or row)
                    name = name or row or "?"

    def _argument(self, token: str, name: str) -> str:
        if name == "log_format":
            return token  # rows are read by it: what is no variable stands in every row
        if name == "types":
            return token if regex.fullmatch(r"[a-z0-9.+-]{1,20}/[a-z0-9.+-]{1,80}|[a-z0-9]{1,10}", token) else self._shape(token)
        made = _ARGUMENT.sub(lambda found: self._part(found, name), token)
        self._texts.public.add(made)
        return made

    def _part(self, found: regex.Match[str], name: str) -> str:
        text, names = found[0], found.groupdict()
        if names["escape"] or names["variable"] or names["number"]:
            return text
        if names["url"]:
            return self._texts.url(text)
        if names["path"]:
            return self._texts.path(text)
        if names["address"]:
            return self._texts.names.address(text)
        if name in _NAMES_HOSTS:
            return text
        return self._texts.name(text)

    def certificates(self, text: str) -> str:
        """PEM: certificates stay, private keys and other blocks keep their lines, words between them their shape."""
        parts, place = list[str](), 0
        for found in _PEM.finditer(text):
            parts.append(self._texts.line(text[place : found.start()], LOOSEST))
            certificate = found["label"].endswith("CERTIFICATE") and found[0].endswith("-----END " + found["label"] + "-----")
            if certificate:  # two that are of one kind begin alike, and a key like them
                self._texts.public |= {found["body"], "".join(found["body"].split())}
            first, last = found.start("body") - found.start(), found.end("body") - found.start()
            parts.append(found[0] if certificate else found[0][:first] + self._shape(found["body"]) + found[0][last:])
            place = found.end()
        return "".join([*parts, self._texts.line(text[place:], LOOSEST)])


def hosts(names: Iterable[str | None]) -> set[str]:
    """Names of hosts without their ports."""
    return {regex.sub(r":\d+$", "", name).lower() for name in names if name}
