"""What to do about what the doctor finds, by the caches that shops usually stand behind."""

from collections.abc import Mapping

import httpx

# Who is on the way, by headers that only they send: name -> a piece of its value.
_TRACES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "CloudFront": (("x-amz-cf-id", ""), ("x-cache", "cloudfront"), ("via", "cloudfront")),
    "Cloudflare": (("cf-ray", ""), ("cf-cache-status", ""), ("server", "cloudflare")),
    "Fastly": (("x-served-by", "cache-"), ("x-fastly-request-id", "")),
    "Varnish": (("x-varnish", ""), ("via", "varnish")),
    "nginx": (("server", "nginx"), ("server", "openresty"), ("x-proxy-cache", "")),
}  # fmt: skip

_CACHED = {
    "CloudFront": "for pages use the cache policy CachingDisabled, or one with MinTTL 0: with a "
    "MinTTL above 0 it keeps pages that say no-store or private",
    "Cloudflare": 'take "Cache Everything" and "Ignore cache-control header" from the rule for '
    "pages, or let the rule bypass the cache; keep Origin Cache Control on",
    "Fastly": "set no beresp.ttl for pages in vcl_fetch; it obeys Surrogate-Control first, then "
    "Cache-Control: return(pass) where that says private",
    "nginx": "take Cache-Control, Expires, Set-Cookie, Vary and X-Accel-Expires out of "
    "proxy_ignore_headers, or set proxy_cache off for pages",
    "Varnish": "no return (hash) before the built-in vcl_recv for requests with a cookie, and no "
    'beresp.ttl for pages: if (beresp.http.Cache-Control ~ "private") { set beresp.uncacheable = true; }',
}
_HEADERS = {
    "CloudFront": "take Cache-Control and Vary out of the response headers policy",
    "Cloudflare": "set Browser Cache TTL to Respect Existing Headers; no transform rule on these headers",
    "Fastly": "no set or unset of resp.http.Cache-Control and resp.http.Vary in vcl_deliver for pages",
    "nginx": "no expires, no add_header Cache-Control and no proxy_hide_header for pages",
    "Varnish": "no set or unset of resp.http.Cache-Control and resp.http.Vary in vcl_deliver for pages",
}
_COOKIES = {
    "CloudFront": "forward all cookies to the shop (origin request policy AllViewer): without that it "
    "takes Set-Cookie out of answers that it keeps",
    "Cloudflare": "keep Origin Cache Control on: without it, what is cached loses its Set-Cookie",
    "Fastly": "no unset beresp.http.Set-Cookie for pages and for /-/shopwindow/ in vcl_fetch",
    "nginx": "no proxy_hide_header Set-Cookie, no proxy_cookie_domain, no proxy_cookie_path",
    "Varnish": "no unset beresp.http.Set-Cookie for pages and for /-/shopwindow/ in vcl_backend_response",
}
_VALIDATORS = {
    "CloudFront": _CACHED["CloudFront"],
    "Cloudflare": "turn off what changes pages on the way and gives them an ETag of its own",
    "Fastly": "set no ETag and no Last-Modified on pages in vcl_fetch",
    "nginx": "no add_header ETag or Last-Modified for pages, and no proxy_cache_revalidate for them",
    "Varnish": "set no ETag and no Last-Modified on pages in vcl_backend_response",
}
_BY_CODE = {
    "leak": _CACHED, "cached": _CACHED, "consent-cached": _CACHED, "decide-cached": _CACHED,
    "cache-control": _HEADERS, "public": _CACHED, "vary": _HEADERS, "cookie-stripped": _COOKIES,
    "cookie-changed": _COOKIES, "validators": _VALIDATORS, "not-modified": _VALIDATORS,
    "range": _VALIDATORS,
}  # fmt: skip


def on_the_way(headers: httpx.Headers) -> list[str]:
    """The caches and proxies that an answer names."""
    return [
        name
        for name, traces in _TRACES.items()
        if any(
            header in headers and piece in headers[header].lower()
            for header, piece in traces
        )
    ]


def remedies(code: str, present: list[str]) -> dict[str, str]:
    """What to do about ``code``: for those who are ``present``, for all if nobody is known."""
    known = _BY_CODE.get(code, {})
    chosen = {name: known[name] for name in present if name in known}
    return chosen or dict(known)
