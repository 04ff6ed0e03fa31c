"""nginx and Varnish, which include each fragment by a request of their own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port, serving

from .fragmentapp import PATH
from .serverpages import SSI_PAGE, included_page
from .shop import page_values

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 512; }}
http {{
    access_log off;
    default_type text/html;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    upstream fragments {{ server 127.0.0.1:{fragments}; keepalive 64; }}
    upstream app {{ server 127.0.0.1:{app}; keepalive 64; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffer_size 16k;
    proxy_buffers 8 64k;
    proxy_busy_buffers_size 128k;
    server {{
        listen 127.0.0.1:{port};
        ssi on;
        location = / {{ {page} }}
        location {path} {{ ssi off; proxy_pass http://fragments; }}
    }}
}}
"""
# A header that vcl_recv sets does not reach the requests for fragments: they begin with the
# visitor's own, so it is their cookie that the key of a kept fragment is made of.
VARNISH = """\
vcl 4.1;
backend app {{ .host = "127.0.0.1"; .port = "{app}"; }}
backend fragments {{ .host = "127.0.0.1"; .port = "{fragments}"; }}
sub vcl_recv {{
    if (req.url ~ "^{path}") {{
        set req.backend_hint = fragments;
        return ({fragment});
    }}
    set req.backend_hint = app;
    return (hash);
}}
sub vcl_hash {{
    hash_data(req.url);
    if (req.url ~ "^{path}") {{
        hash_data(regsub(req.http.Cookie, "^.*__Host-shopwindow=([^;]*).*$", "\\1"));
    }}
    return (lookup);
}}
sub vcl_backend_response {{
    set beresp.ttl = 1h;
    if (bereq.url !~ "^{path}") {{ set beresp.do_esi = true; }}
    return (deliver);
}}
"""


def absent(program: str) -> str | None:
    """Why ``program`` cannot be run, or None."""
    if shutil.which(program):
        return None
    package = program.removesuffix("d")
    return f"{program} is not installed (apt-get install {package})"


@contextmanager
def nginx(folder: Path, fragments: int, app: int | None) -> Iterator[tuple[int, int]]:
    """nginx before the port ``app``, or before the page as a file: its port and its pid."""
    port = free_port()
    if app is None:
        (folder / "index.html").write_text(
            included_page(SSI_PAGE).render(page_values())
        )
    page = (
        "proxy_pass http://app;"
        if app
        else f"root {folder}; try_files /index.html =404;"
    )
    written = NGINX.format(
        folder=folder,
        fragments=fragments,
        app=app or fragments,
        port=port,
        page=page,
        path=PATH,
    )
    (folder / "nginx.conf").write_text(written)
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with serving(command, port, folder / "nginx.log") as process:
        yield port, process.pid


@contextmanager
def varnish(
    folder: Path, fragments: int, app: int, *, keeps_fragments: bool
) -> Iterator[tuple[int, int]]:
    """Varnish, which keeps the page of the port ``app``: its port and its pid."""
    port = free_port()
    fragment = "hash" if keeps_fragments else "pass"
    written = VARNISH.format(app=app, fragments=fragments, path=PATH, fragment=fragment)
    (folder / "shop.vcl").write_text(written)
    command = ["varnishd", "-F", "-j", "none", "-n", str(folder / "varnish")]
    command += ["-a", f"127.0.0.1:{port}", "-f", str(folder / "shop.vcl")]
    command += ["-s", "malloc,256m", "-p", "thread_pools=1", "-T", "none"]
    with serving(command, port, folder / "varnish.log") as process:
        yield port, process.pid
