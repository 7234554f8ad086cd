"""HTML pages of gateways, CDNs, portals and firewalls, in the shapes that they really have."""

REASONS = {
    200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
    307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required",
    408: "Request Timeout", 409: "Conflict", 410: "Gone", 413: "Request Entity Too Large", 415: "Unsupported Media Type",
    418: "I'm a teapot", 422: "Unprocessable Entity", 426: "Upgrade Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out", 507: "Insufficient Storage",
    520: "", 521: "", 522: "", 523: "", 524: "", 525: "", 526: "", 527: "", 529: "",
}  # fmt: skip


def _nginx(title: str, server: str = "nginx/1.24.0") -> str:
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        f"<hr><center>{server}</center>\r\n</body>\r\n</html>\r\n"
    )


def _cloudflare(code: int, title: str, what: str) -> str:
    return f"""<!DOCTYPE html>
<!--[if lt IE 7]> <html class="no-js ie6 oldie" lang="en-US"> <![endif]-->
<!--[if gt IE 8]><!--> <html class="no-js" lang="en-US"> <!--<![endif]-->
<head>
<title>app.outboundsync.com | {code}: {title}</title>
<meta charset="UTF-8" />
<meta name="robots" content="noindex, nofollow" />
<meta name="viewport" content="width=device-width,initial-scale=1" />
<link rel="stylesheet" id="cf_styles-css" href="/cdn-cgi/styles/main.css" />
</head>
<body>
<div id="cf-wrapper">
    <div id="cf-error-details" class="p-0">
        <header class="mx-auto pt-10 lg:pt-6 lg:px-8 w-240 lg:w-full mb-8">
            <h1 class="inline-block sm:block sm:mb-2 font-light text-60 lg:text-4xl text-black-dark leading-tight mr-2">
              <span class="inline-block">{title}</span>
              <span class="code-label">Error code {code}</span>
            </h1>
            <div>
               Visit <a href="https://www.cloudflare.com/5xx-error-landing?utm_source=errorcode_{code}">cloudflare.com</a> for more information.
            </div>
            <div class="mt-3">2026-10-09 14:21:07 UTC</div>
        </header>
        <div class="my-8 bg-gradient-gray">
            <div id="cf-browser-status"><span class="md:block w-full truncate">Browser</span><h3>You</h3><span>Working</span></div>
            <div id="cf-cloudflare-status"><span class="md:block w-full truncate">Amsterdam</span><h3>Cloudflare</h3><span>Working</span></div>
            <div id="cf-host-status"><span class="md:block w-full truncate">app.outboundsync.com</span><h3>Host</h3><span>Error</span></div>
        </div>
        <h2>What happened?</h2>
        <p>{what}</p>
        <h2>What can I do?</h2>
        <p>Please try again in a few minutes.</p>
        <div class="cf-error-footer"><p class="text-13"><span>Cloudflare Ray ID: <strong>8c1f0e2d5b7a9{code}</strong></span>
          <span>Your IP: 198.51.100.23</span> <span>Performance &amp; security by Cloudflare</span></p></div>
    </div>
</div>
</body>
</html>
"""


def _cloudflare_block(title: str, code: int, text: str) -> str:
    return f"""<!DOCTYPE html>
<html class="no-js" lang="en-US">
<head>
<title>{title} | app.outboundsync.com used Cloudflare to restrict access</title>
<meta charset="UTF-8" />
</head>
<body>
  <div id="cf-wrapper">
    <div id="cf-error-details" class="cf-error-details-wrapper">
      <h1><span class="cf-error-type" data-translate="error">Error</span> <span class="cf-error-code">{code}</span>
          <small class="heading-ray-id">Ray ID: 8c1f0e2d5b7a{code} &bull; 2026-10-09 14:21:07 UTC</small></h1>
      <h2 class="cf-subheadline">{title}</h2>
      <section><h2>What happened?</h2><p>{text}</p></section>
      <p class="cf-error-footer">Your IP: 198.51.100.23 &bull; Performance &amp; security by Cloudflare</p>
    </div>
  </div>
</body>
</html>
"""


PAGES: dict[str, str] = {
    "301": _nginx("301 Moved Permanently"),
    "403": _nginx("403 Forbidden"),
    "404": _nginx("404 Not Found"),
    "413": _nginx("413 Request Entity Too Large", "nginx"),
    "431": _nginx("400 Request Header Or Cookie Too Large", "nginx").replace("400", "431"),
    "502": _nginx("502 Bad Gateway"),
    "503": "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n",
    "504": _nginx("504 Gateway Time-out"),
    "500": '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n'
    "<pre>Internal Server Error</pre>\n</body>\n</html>\n",
    "520": _cloudflare(520, "Web server is returning an unknown error", "There is an unknown connection issue between Cloudflare and the origin web server. As a result, the web page can not be displayed."),
    "521": _cloudflare(521, "Web server is down", "The web server is not returning a connection. As a result, the web page is not displaying."),
    "522": _cloudflare(522, "Connection timed out", "The initial connection between Cloudflare's network and the origin web server timed out. As a result, the web page can not be displayed."),
    "523": _cloudflare(523, "Origin is unreachable", "The origin web server is not reachable."),
    "524": _cloudflare(524, "A timeout occurred", "The origin web server timed out responding to this request."),
    "525": _cloudflare(525, "SSL handshake failed", "Cloudflare is unable to establish an SSL connection to the origin server."),
    "526": _cloudflare(526, "Invalid SSL certificate", "The origin web server does not have a valid SSL certificate."),
    "527": _cloudflare(527, "Railgun Listener to Origin Error", "The requested connection to the origin was interrupted."),
    "1015": _cloudflare_block("You are being rate limited", 1015, "The owner of this website (app.outboundsync.com) has banned you temporarily from accessing this website."),
    "1020": _cloudflare_block("Access denied", 1020, "This website is using a security service to protect itself from online attacks."),
    "challenge": '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
    '<meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="360"></head><body><div class="main-wrapper" role="main">'
    '<div class="main-content"><noscript><div class="h2"><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></div></noscript></div></div>'
    "<script>(function(){window._cf_chl_opt = {cvId: '3',cZone: 'app.outboundsync.com',cType: 'managed',cRay: '8c1f0e2d5b7a0403'};})();</script></body></html>\n",
    "firewall": '<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br><br>'
    "Your support ID is: 4031102938475610293<br><br><a href='javascript:history.back();'>[Go Back]</a></body></html>",
    "portal": '<!DOCTYPE html>\n<html>\n<head>\n  <title>Hotel Guest Wi-Fi - Sign in</title>\n  <meta http-equiv="refresh" content="2;url=http://portal.guest-wifi.example/login?mac=02-42-ac-11-00-02">\n'
    "</head>\n<body>\n  <h1>Welcome to Hotel Guest Wi-Fi</h1>\n  <p>Please accept the terms of use to get online.</p>\n  <p>Room 401, questions: dial 500.</p>\n</body>\n</html>\n",
    "spa": '<!doctype html><html lang="en"><head><meta charset="utf-8"/><title>OutboundSync</title><script type="module" crossorigin src="/assets/index-4f2c91aa.js"></script>'
    '</head><body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body></html>\n',
}  # fmt: skip
