"""nginx.conf, written twice from one text: once to run here, once as the person who collects the bundle has it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.model import FORWARDED, Proxy, Site

LOG_FORMATS = {
    "combined": "",
    "timed": """
    log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                     '"$http_referer" "$http_user_agent" '
                     'rt=$request_time uct=$upstream_connect_time urt=$upstream_response_time us=$upstream_status';""",
    "json": """
    log_format json_lines escape=json
        '{"ts":"$time_iso8601","client":"$remote_addr","vhost":"$host","request":"$request",'
        '"status":$status,"bytes":$body_bytes_sent,"rt":$request_time,"upstream":"$upstream_addr",'
        '"us":"$upstream_status","urt":"$upstream_response_time","upgrade":"$http_upgrade",'
        '"conn":$connection,"ua":"$http_user_agent"}';""",
    "upstream": """
    log_format upstream '[$time_iso8601] $remote_addr $host "$request" $status $body_bytes_sent '
                        'rt=$request_time ua="$upstream_addr" us="$upstream_status" '
                        'uht="$upstream_header_time" conn=$connection';""",
    "keyed": r"""
    map $request_uri $safe_uri {
        "~^(?<before>.*[?&]token=)[^&]*(?<after>.*)$" "$before***$after";
        default $request_uri;
    }
    log_format keyed '$remote_addr - $remote_user [$time_local] "$request_method $safe_uri $server_protocol" $status $body_bytes_sent '
                     '"$http_user_agent" conn=$connection rid=$request_id wskey="$http_sec_websocket_key"';""",
}
FORMAT_NAMES = {"combined": "", "timed": " timed", "json": " json_lines", "upstream": " upstream", "keyed": " keyed"}
# The lab's own record of every request, never in the bundle: the truth comes from it.
LEDGER = """
    log_format ledger escape=json '{"end":$msec,"took":$request_time,"uri":"$request_uri","host":"$host",'
        '"status":"$status","us":"$upstream_status","uct":"$upstream_connect_time","uht":"$upstream_header_time",'
        '"key":"$http_sec_websocket_key","client":"$remote_addr"}';"""


@dataclass(frozen=True)
class Places:
    """Where things are: the temp folder and high ports, or a server's usual places."""

    root: str
    user: str
    running: bool
    ports: Mapping[int, str]
    """What `listen` says for a public port; itself where it is not here."""

    def listen(self, port: int) -> str:
        return self.ports.get(port, str(port))


def shown_places() -> Places:
    return Places(root="", user="user www-data;\n", running=False, ports={})


def run_places(root: str, ports: Mapping[int, int]) -> Places:
    user = "user root;\n" if os.geteuid() == 0 else ""
    return Places(root, user, running=True, ports={public: f"127.0.0.1:{port}" for public, port in ports.items()})


def _server(site: Site, at: Places, app: str, free: str) -> str:
    settings, locations = (
        text.replace("@app@", app).replace("@free@", free).replace("@root@", at.root) for text in (site.settings, site.locations)
    )
    protocols = "" if "ssl_protocols" in settings else "\n        ssl_protocols TLSv1.2 TLSv1.3;"
    certificate = f"""
        ssl_certificate     {at.root}/etc/nginx/ssl/{site.host}/fullchain.pem;
        ssl_certificate_key {at.root}/etc/nginx/ssl/{site.host}/privkey.pem;{protocols}
"""
    return f"""{_redirect(site, at)}
    server {{
        listen {at.listen(site.port)} {"ssl http2 " if site.tls else ""}proxy_protocol;
        server_name {site.host};
{certificate if site.tls else ""}{settings}
        root {at.root}/var/www/app/dist;
        index index.html;

        location / {{
            try_files $uri $uri/ {site.fallback};
        }}

        location /assets/ {{
            expires 7d;
            try_files $uri =404;
        }}
{locations}
        location /api/ {{
            proxy_pass http://{app};{FORWARDED}
        }}

        location = /health {{
            proxy_pass http://{app};
        }}
    }}
"""


def _redirect(site: Site, at: Places) -> str:
    """From plain HTTP, where the site is on the usual port."""
    if site.port != 443:
        return ""
    return f"""
    server {{
        listen {at.listen(80)};
        server_name {site.host};
        return 301 https://$host$request_uri;
    }}
"""


def _run_only(at: Places) -> str:
    """What only a run in a temp folder needs, and nobody's nginx.conf has."""
    if not at.running:
        return ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"\n    {kind}_temp_path {at.root}/var/lib/nginx/{kind};" for kind in kinds)
    return f"{LEDGER}{temporary}\n    access_log {at.root}/ledger.jsonl ledger;"


def render(proxy: Proxy, at: Places, app: str, free: str) -> str:
    level = f" {proxy.error_level}" if proxy.error_level else ""
    daemon = "daemon off;\n" if at.running else ""
    servers = "".join(_server(site, at, app, free) for site in proxy.sites if not site.direct)
    extra = f"\n    {proxy.http}" if proxy.http else ""
    return f"""{at.user}worker_processes 1;
{daemon}pid {at.root}/run/nginx.pid;
error_log {at.root}/var/log/nginx/error.log{level};

events {{
    worker_connections {proxy.worker_connections};
}}

http {{
    sendfile on;
    tcp_nopush on;
    server_tokens off;

    include /etc/nginx/mime.types;
    default_type application/octet-stream;
{LOG_FORMATS[proxy.access]}
    access_log {at.root}/var/log/nginx/access.log{FORMAT_NAMES[proxy.access]};{_run_only(at)}

    # The load balancer in front speaks the PROXY protocol.
    set_real_ip_from 127.0.0.1;
    real_ip_header proxy_protocol;{extra}
{servers}}}
"""
