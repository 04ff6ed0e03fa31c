"""Real Varnish and nginx in front of two apps, as careful as people configure them.

Every cache stands in front of both apps, on a port for each. They run unprivileged, in a
temporary folder, on loopback, until the block ends.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers import absent, free_ports, serving

Ports = Mapping[str, int]  # app -> port
Caches = dict[str, dict[str, str]]  # cache -> app -> its address

# Debian has both outside of an ordinary user's path.
_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

# builtin: what Varnish does by itself. careless: cookies are no reason not to look the page up.
# stubborn: and every page is kept for a minute, whatever it says.
VARNISH = ("builtin", "careless", "stubborn")
_VCL = """vcl 4.1;
%(backends)s
sub vcl_recv {
    set req.http.X-Socket = local.socket;
    %(choices)s
    if (local.socket !~ "builtin" && (req.method == "GET" || req.method == "HEAD")) {
        return (hash);
    }
}
sub vcl_backend_response {
    if (bereq.http.X-Socket ~ "stubborn" && beresp.status == 200) {
        unset beresp.http.Set-Cookie;
        set beresp.ttl = 60s;
        return (deliver);
    }
}
"""

# valid: pages are kept for a minute if they do not object. careless: what most recipes against
# "nginx does not cache" say. stubborn: and the last field that could object.
_IGNORED = {
    "valid": "",
    "careless": "proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;",
    "stubborn": "proxy_ignore_headers X-Accel-Expires Cache-Control Expires Set-Cookie Vary;",
}
NGINX = tuple(_IGNORED)
_CONF = """
daemon off;
master_process off;
pid %(folder)s/pid;
error_log stderr;
events { worker_connections 128; }
http {
    access_log off;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    proxy_cache_path %(folder)s/cache keys_zone=pages:1m;
    proxy_cache_key $http_host$request_uri;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    %(servers)s
}
"""
_SERVER = """server {
        listen 127.0.0.1:%(port)d;
        location / {
            proxy_pass http://127.0.0.1:%(behind)d;
            proxy_cache pages;
            proxy_cache_valid 200 60s;
            %(ignored)s
        }
    }"""


def program(name: str, package: str) -> str:
    """The path of a server; skips the test if it is not on this machine."""
    found = shutil.which(name) or shutil.which(name, path=_PATH)
    return found or absent(name, f"apt-get install {package}")


@contextmanager
def varnish(folder: Path, behind: Ports) -> Iterator[Caches]:
    """Varnish in front of the apps at ``behind``, in every configuration of VARNISH."""
    command = [program("varnishd", "varnish"), "-F", "-n", str(folder / "run")]
    command += [
        "-f",
        str(folder / "vcl"),
        "-j",
        "none",
        "-T",
        "none",
        "-s",
        "default,16m",
    ]
    command += ["-p", "thread_pools=1", "-p", "thread_pool_min=5"]
    ports = free_ports(len(VARNISH) * len(behind))
    caches: Caches = {}
    for kind in VARNISH:
        for app in behind:
            port = ports.pop()
            command += ["-a", f"{kind}_{app}=127.0.0.1:{port}"]
            caches.setdefault(f"varnish {kind}", {})[app] = f"http://127.0.0.1:{port}"
    backends = [
        f'backend {app} {{ .host = "127.0.0.1"; .port = "{port}"; }}'
        for app, port in behind.items()
    ]
    choices = [
        f'if (local.socket ~ "_{app}$") {{ set req.backend_hint = {app}; }}'
        for app in behind
    ]
    words = {"backends": "\n".join(backends), "choices": "\n    ".join(choices)}
    folder.mkdir()
    (folder / "vcl").write_text(_VCL % words)
    with serving(command, port, folder / "log"):
        yield caches


@contextmanager
def nginx(folder: Path, behind: Ports) -> Iterator[Caches]:
    """nginx in front of the apps at ``behind``, in every configuration of NGINX."""
    command = [program("nginx", "nginx"), "-p", str(folder), "-c", str(folder / "conf")]
    ports = free_ports(len(NGINX) * len(behind))
    caches: Caches = {}
    servers = []
    for kind, ignored in _IGNORED.items():
        for app, port_behind in behind.items():
            port = ports.pop()
            words = {"port": port, "behind": port_behind, "ignored": ignored}
            servers.append(_SERVER % words)
            caches.setdefault(f"nginx {kind}", {})[app] = f"http://127.0.0.1:{port}"
    folder.mkdir()
    text = _CONF % {"folder": folder, "servers": "\n    ".join(servers)}
    (folder / "conf").write_text(text)
    with serving(command, port, folder / "log"):
        yield caches
