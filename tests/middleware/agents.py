"""User-Agent headers as they are seen in the wild: programs, and browsers with their device."""

_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
_ANDROID = "Mozilla/5.0 (Linux; Android"

BOTS = f"""
Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/131.0.0.0 Safari/537.36
{_ANDROID} 6.0.1; Nexus 5X Build/MMB29P) {_CHROME} Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Googlebot-Image/1.0
Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)
Mozilla/5.0 (X11; Linux x86_64; Storebot-Google/1.0) {_CHROME} Safari/537.36
AdsBot-Google (+http://www.google.com/adsbot.html)
Mediapartners-Google
APIs-Google (+https://developers.google.com/webmasters/APIs-Google.html)
FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)
GoogleOther
Google-Read-Aloud
Mozilla/5.0 (X11; Linux x86_64) {_CHROME} Safari/537.36 (compatible; Google-Read-Aloud; +https://support.google.com/webmasters/answer/1061943)
Mozilla/5.0 {_CHROME} Safari/537.36 Google Favicon
Google-Site-Verification/1.0
Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36
Mozilla/5.0 (Windows NT 6.1; WOW64) {_CHROME} Safari/537.36 BingPreview/1.0b
msnbot/2.0b (+http://search.msn.com/msnbot.htm)
Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)
DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)
Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)
Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)
Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)
Mozilla/5.0 (compatible; SeznamBot/4.0; +http://napoveda.seznam.cz/seznambot-intro/)
Mozilla/5.0 (compatible; Qwantify/2.4w; +https://www.qwant.com/)/2.4w
Mozilla/5.0 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)
Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)
Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)
Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)
Mozilla/5.0 (compatible; DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com)
rogerbot/1.2 (https://moz.com/help/guides/moz-procedures/what-is-rogerbot)
Mozilla/5.0 (compatible; DataForSeoBot/1.0; +https://dataforseo.com/dataforseo-bot)
Mozilla/5.0 (compatible; BLEXBot/1.0; +http://webmeup-crawler.com/)
Screaming Frog SEO Spider/20.0
Mozilla/5.0 (compatible; SISTRIX Crawler; http://crawler.sistrix.net/)
Mozilla/5.0 (compatible; XoviBot/2.0; +http://www.xovibot.net/)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; OAI-SearchBot/1.0; +https://openai.com/searchbot
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)
Claude-User/1.0
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)
CCBot/2.0 (https://commoncrawl.org/faq/)
Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com) AppleWebKit/537.36 (KHTML, like Gecko)
meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot) Chrome/119.0.6045.214 Safari/537.36
MistralAI-User/1.0
cohere-ai
facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)
facebookcatalog/1.0
Twitterbot/1.0
LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)
Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)
Slack-ImgProxy (+https://api.slack.com/robots)
Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)
TelegramBot (like TwitterBot)
WhatsApp/2.23.20.0
Pinterest/0.2 (+http://www.pinterest.com/bot.html)
Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5
Iframely/1.3.1 (+https://iframely.com/docs/about)
Embedly/0.2 (+http://support.embed.ly/)
redditbot/1.0
Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)
ia_archiver (+http://www.alexa.com/site/help/webmasters; crawler@alexa.com)
Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)
Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)
Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/534.34 (KHTML, like Gecko) PingdomTMS/0.8.5 Safari/534.34
Mozilla/5.0 (compatible; StatusCake)
Site24x7
Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_CHROME} Safari/537.36
Datadog/Synthetics
Mozilla/5.0 (X11; Linux x86_64) {_CHROME} Safari/537.36 DatadogSynthetics
Mozilla/5.0 (compatible; NewRelicPinger/1.0; 1234)
GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)
kube-probe/1.29
ELB-HealthChecker/2.0
HAProxy/2.8 health check
Amazon-Route53-Health-Check-Service (ref 1234; report http://amzn.to/1vsZADi)
Amazon CloudFront
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_CHROME} Safari/537.36 Chrome-Lighthouse
{_ANDROID} 11; moto g power (2022)) {_CHROME} Mobile Safari/537.36 PTST/240615
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36
Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1
W3C_Validator/1.3 http://validator.w3.org/services
W3C-checklink/4.5 [4.160] libwww-perl/5.823
Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)
Mozilla/5.0 zgrab/0.x
Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)
Expanse, a Palo Alto Networks company, searches across the global IPv4 space multiple times per day
masscan/1.3 (https://github.com/robertdavidgraham/masscan)
Nuclei - Open-source project (github.com/projectdiscovery/nuclei)
sqlmap/1.7.2#stable (https://sqlmap.org)
WordPress/6.4.2; https://example.org
Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)
Mozilla/5.0 (compatible; Miniflux/2.1.0; +https://miniflux.app)
NewsBlur Feed Fetcher - 3 subscribers
curl/8.5.0
Wget/1.21.4
python-requests/2.31.0
Python-urllib/3.11
python-httpx/0.28.1
aiohttp/3.9
Python/3.11 aiohttp/3.9.1
Scrapy/2.11.0 (+https://scrapy.org)
Go-http-client/2.0
okhttp/4.12.0
Java/17.0.9
Apache-HttpClient/4.5.14 (Java/17.0.9)
Java-http-client/17.0.9
Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A.230805.001)
libwww-perl/6.72
Ruby
Faraday v2.7.4
GuzzleHttp/7
Symfony HttpClient/Curl
PHP/8.2.0
axios/1.6.2
node
undici
node-fetch/1.0 (+https://github.com/bitinn/node-fetch)
got (https://github.com/sindresorhus/got)
Deno/1.40.0
Bun/1.1.0
PostmanRuntime/7.36.0
insomnia/8.4.5
HTTPie/3.2.2
k6/0.48.0 (https://k6.io/)
Apache-JMeter/5.6
ApacheBench/2.3
hey/0.0.1
libcurl-agent/1.0
reqwest/0.11
Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0); 360Spider
Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)
Mozilla/5.0 (compatible; Neevabot/1.0; +https://neeva.com/neevabot)
Mozilla/5.0 (compatible; coccocbot-web/1.0; +http://help.coccoc.com/searchengine)
Mozilla/5.0 (compatible; Barkrowler/0.9; +https://babbar.tech/crawler)
Mozilla/5.0 (compatible; idealo-bot; +https://www.idealo.de)
CriteoBot/0.1 (+https://www.criteo.com/criteo-crawler/)
Mozilla/5.0 (compatible; proximic; +https://www.comscore.com/Web-Crawler)
ia_archiver
Mozilla/5.0 (compatible; Cincraw/1.0; +http://cincrawdata.net/bot/)
Mozilla/5.0 (compatible; trendictionbot0.5.0; trendiction search; http://www.trendiction.de/bot; please let us know of any problems)
""".strip().splitlines()

DESKTOPS = f"""
Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36
Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36 Edg/131.0.0.0
Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36 OPR/116.0.0.0
Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0
Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_CHROME} Safari/537.36
Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0
Mozilla/5.0 (X11; Linux x86_64) {_CHROME} Safari/537.36
Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0
Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_CHROME} Safari/537.36
Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36 Vivaldi/7.0
Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} YaBrowser/24.10.0 Safari/537.36
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15 Epiphany/605.1.15
Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36 Whale/4.29
Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; WOW64; Trident/6.0; .NET CLR 3.5.30729; .NET4.0C)
Mozilla/5.0 (X11; Linux x86_64) {_CHROME} Safari/537.36 Electron/33.2.0
Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/2.2 Chrome/76.0.3809.146 TV Safari/537.36
Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager
Mozilla/5.0 (PlayStation; PlayStation 5/8.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.4 Safari/605.1.15
""".strip().splitlines()

MOBILES = f"""
Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1
Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/133.0 Mobile/15E148 Safari/605.1.15
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/342.0.692879077 Mobile/15E148 Safari/604.1
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/490.0.0.34.100;FBDV/iPhone14,5]
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21F90 Instagram 340.0.3.30.92 (iPhone13,2; iOS 17_5; de_DE)
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [Pinterest/iOS]
{_ANDROID} 10; K) {_CHROME} Mobile Safari/537.36
{_ANDROID} 14; Pixel 8) {_CHROME} Mobile Safari/537.36
{_ANDROID} 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36
Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0
{_ANDROID} 9; CUBOT_X19) {_CHROME} Mobile Safari/537.36
{_ANDROID} 12; CUBOT P60 Build/SP1A.210812.016) {_CHROME} Mobile Safari/537.36
{_ANDROID} 7.0; CUBOT_NOTE_S Build/NRD90M) {_CHROME} Mobile Safari/537.36
{_ANDROID} 13; CUBOT) {_CHROME} Mobile Safari/537.36
{_ANDROID} 8.1.0; CUBOT J3 Build/O11019; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/99.0.4844.58 Mobile Safari/537.36
{_ANDROID} 11; CUBOT KINGKONG 5 Pro) {_CHROME} Mobile Safari/537.36
{_ANDROID} 13; 22101316G) {_CHROME} Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/489.0.0.66.83;]
{_ANDROID} 13; SM-A536B Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.6778.39 Mobile Safari/537.36 [Pinterest/Android]
{_ANDROID} 12; HUAWEI P40) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 HuaweiBrowser/15.0 Mobile Safari/537.36
{_ANDROID} 13; M2101K6G) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/109.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/13.5
{_ANDROID} 14; SM-G990B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36 DuckDuckGo/5
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1 (Ecosia ios@10.1.1.1892)
{_ANDROID} 13; Pixel 7) {_CHROME} Mobile Safari/537.36 (Ecosia android@131.0.6778.81)
{_ANDROID} 14; SM-S911B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.6778.39 Mobile Safari/537.36 Instagram 361.0.0.46.88 Android (34/14; 480dpi; 1080x2106; samsung; SM-S911B; dm1q; qcom; de_DE; 674675098)
{_ANDROID} 13; V2134 Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.107 Mobile Safari/537.36 trill_370104 AppName/musical_ly BytedanceWebview/d8a21c6 com.zhiliaoapp.musically
{_ANDROID} 12; M2007J20CG; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.49.2600 NetType/WIFI Language/de
Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Snapchat/13.10.0.42 (like Safari/8618.3.11, panda)
Opera/9.80 (Android; Opera Mini/7.6.35766/35.5706; U; en) Presto/2.8.119 Version/11.10
""".strip().splitlines()

TABLETS = f"""
Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1
{_ANDROID} 13; SM-X906B) {_CHROME} Safari/537.36
Mozilla/5.0 (Android 13; Tablet; rv:133.0) Gecko/133.0 Firefox/133.0
{_ANDROID} 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.4.1 like Chrome/120.0.0.0 Safari/537.36
{_ANDROID} 12; CUBOT TAB 10) {_CHROME} Safari/537.36
""".strip().splitlines()

BROWSERS = [
    *((agent, "desktop") for agent in DESKTOPS),
    *((agent, "mobile") for agent in MOBILES),
    *((agent, "tablet") for agent in TABLETS),
]
