"""Log formats as people write them, and the nginx.conf around them."""

FORMATS = {
    "main": """log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $body_bytes_sent "$http_referer" '
                    '"$http_user_agent" "$http_x_forwarded_for"';""",
    "timings": """log_format timings '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                       '"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" '
                       'uht="$upstream_header_time" urt="$upstream_response_time"';""",
    "upstream": """log_format upstream '$time_iso8601 $remote_addr $host "$request" $status rt=$request_time '
                        'ua="$upstream_addr" us="$upstream_status" uct="$upstream_connect_time" uht="$upstream_header_time" '
                        'urt="$upstream_response_time" sent=$upstream_bytes_sent conn=$connection:$connection_requests';""",
    "json": """log_format json escape=json '{'
        '"time":"$time_iso8601",'
        '"remote_addr":"$remote_addr",'
        '"request":"$request",'
        '"status":$status,'
        '"body_bytes_sent":$body_bytes_sent,'
        '"request_time":$request_time,'
        '"upstream_status":$upstream_status,'
        '"upstream_response_time":$upstream_response_time,'
        '"upgrade":"$http_upgrade",'
        '"user_agent":"$http_user_agent"'
    '}';""",
    "json-elk": """log_format elk escape=json
      '{"@timestamp":"$time_iso8601","client":{"ip":"$remote_addr"},"http":{"method":"$request_method","url":"$request_uri",'
      '"version":"$server_protocol","status":"$status"},"took":"$request_time","up":"$upstream_addr","agent":"$http_user_agent"}';""",
    "json-unescaped": """log_format json_old '{"ts": "$msec", "client": "$remote_addr", "method": "$request_method", '
                        '"uri": "$request_uri", "status": "$status", '
                        '"rt": "$request_time", "us": "$upstream_status", "agent": "$http_user_agent"}';""",
    "none": """log_format raw escape=none '$time_local|$remote_addr|$request|$status|$request_time|$upstream_addr|$http_user_agent';""",
    "key-value": """log_format kv 'ts=$msec client=$remote_addr method=$request_method uri=$request_uri proto=$server_protocol '
                  'status=$status bytes=$body_bytes_sent rt=$request_time up=$upstream_addr us=$upstream_status rid=$request_id';""",
    "ltsv": """log_format ltsv 'time:$time_iso8601\\thost:$remote_addr\\tmethod:$request_method\\turi:$request_uri'
                    '\\tprotocol:$server_protocol\\tstatus:$status\\tsize:$body_bytes_sent\\treqtime:$request_time\\tapptime:$upstream_response_time'
                    '\\tua:$http_user_agent\\tvhost:$host';""",
    "brackets": """log_format brackets '[$time_local] [$status] [$remote_addr] [$http_x_request_id] [$request] [$upstream_addr] '
                        '[$upstream_response_time] [$http_user_agent]';""",
    "milliseconds": """log_format ms '$msec;$request_time;$status;$request_method;$host;$request_uri;'
                  '$http_sec_websocket_key;$http_upgrade';""",
    "ids": """log_format ids '$remote_addr [$time_iso8601] "$request" $status $request_time rid=$request_id xrid="$http_x_request_id" '
                   'key="$http_sec_websocket_key" conn=$connection';""",
    "masked": """map $request_uri $safe_uri {
        "~^(?<before>.*[?&]token=)[^&]*(?<after>.*)$" "$before***$after";
        default $request_uri;
    }
    log_format masked '$remote_addr - [$time_local] "$request_method $safe_uri $server_protocol" $status $body_bytes_sent '
                      'rt=$request_time "$http_user_agent" wskey="$http_sec_websocket_key"';""",
    "touching": """log_format touching '$time_iso8601 $status$pipe $request_time $remote_addr:$remote_port '
                        '"$request_method $scheme://$host$request_uri" "$uri$is_args$args" up="$upstream_addr"';""",
    "ingress": """log_format upstreaminfo '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
        '"$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] '
        '[$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time '
        '$upstream_status $req_id';""",
}
NAMES = {
    "combined": "combined", "main": "main", "timings": "timings", "upstream": "upstream", "json": "json", "json-elk": "elk",
    "json-unescaped": "json_old", "none": "raw", "key-value": "kv", "ltsv": "ltsv", "brackets": "brackets", "milliseconds": "ms",
    "ids": "ids", "masked": "masked", "touching": "touching", "ingress": "upstreaminfo",
}  # fmt: skip
"""Fixture -> name of the log_format in nginx.conf."""

CONF = """@user@worker_processes 1;
pid @root@/run/nginx.pid;
@daemon@error_log @root@/var/log/nginx/error.log info;@error_logs@

events {
    worker_connections 768;
}

http {
    @formats@
@access_logs@

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    server_tokens off;@temporary@

    upstream both {
        server 127.0.0.1:@dead@;
        server 127.0.0.1:@dead2@;
    }

    server {
        listen @plain@;
        listen @tls@ ssl http2;
        server_name testdomen.uz;
        ssl_certificate     @root@/etc/nginx/ssl/fullchain.pem;
        ssl_certificate_key @root@/etc/nginx/ssl/privkey.pem;

        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1s;
        set $proxy_upstream_name "default-app-8000";
        set $proxy_alternative_upstream_name "";
        set $req_id $request_id;

        location / {
            proxy_pass http://127.0.0.1:@app@;
        }

        location /unix/ {
            proxy_pass http://unix:@root@/run/app.sock;
        }

        location /gone/ {
            proxy_pass http://unix:@root@/run/gone.sock;
        }

        location /dead/ {
            proxy_pass http://127.0.0.1:@dead@;
        }

        location /both/ {
            proxy_pass http://both;
        }

        location /busy/ {
            return 503;
        }

        location /fallback/ {
            proxy_pass http://127.0.0.1:@dead@;
            error_page 502 = @plain_page;
        }

        location @plain_page {
            proxy_pass http://127.0.0.1:@app@;
        }

        location /named/ {
            resolver 127.0.0.1:@dead2@ valid=1s;
            resolver_timeout 1s;
            set $name app.testdomen.uz;
            proxy_pass http://$name;
        }

        location /twice/ {
            proxy_pass http://127.0.0.1:@dead@;
            error_page 502 = @named;
        }

        location @named {
            resolver 127.0.0.1:@dead2@ valid=1s;
            resolver_timeout 1s;
            set $name app.testdomen.uz;
            proxy_pass http://$name;
        }
    }
}
"""
SHOWN = {"user": "user www-data;\n", "root": "", "daemon": "", "plain": "80", "tls": "443", "app": "8000", "dead": "8001", "dead2": "8002"}
"""What stands in a fixture where the run had its own places."""

SITE = CONF[CONF.index("    server {") : CONF.rindex("}")]
TREE = {
    "nginx.conf": """user www-data;
worker_processes auto;
error_log @root@/var/log/nginx/error.log;

events {
    worker_connections 768;
}

http {
    include /etc/nginx/conf.d/*.conf;
    include sites-enabled/*;
}
""",
    "conf.d/10-log.conf": FORMATS["upstream"] + "\naccess_log @root@/var/log/nginx/access.log upstream;\n",
    "conf.d/20-upstream.conf": """map $http_upgrade $connection_upgrade {
    default upgrade;
    '' close;
}

upstream both {
    server 127.0.0.1:@dead@;
    server 127.0.0.1:@dead2@;
}
""",
    "sites-enabled/testdomen.uz": SITE.replace('"upgrade"', "$connection_upgrade"),
}
"""The same configuration in the folders of Debian."""
