"""More User-Agent headers of programs, above all of those that pass for browsers.

As they were seen by the collection crawler-user-agents (GitHub: monperrus/crawler-user-agents), one of a kind.
"""

CRAWLERS = """
Mozilla/4.5 (compatible; HTTrack 3.0x; Windows 98)
Mozilla/5.0 (Windows NT 5.1; U; Win64; fr; rv:1.8.1) VoilaBot BETA 1.2 (support.voilabot@orange-ftgroup.com)
Mozilla/5.0 (compatible; Ezooms/1.0; ezooms.bot@gmail.com)
Mozilla/5.0 (Windows NT 6.1; rv:38.0) Gecko/20100101 Firefox/38.0 (IndeedBot 1.1)
Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Multiviewbot
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_5) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/45.0.2454.101 Safari/537.36 SWIMGBot
Mozilla/5.0 (compatible; eright/1.0; +bot@eright.com)
Mozilla/5.0 (compatible; fr-crawler/1.1)
Mozilla/5.0 (compatible; OrangeBot/2.0; support.orangebot@orange.com
Mozilla/5.0 (compatible) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/47.0.2526.73 Safari/537.36 collection@infegy.com
Mozilla/5.0 (compatible; adbeat_bot; +support@adbeat.com; support@adbeat.com)
Mozilla/5.0 (compatible;contxbot/1.0)
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/40.0.2214.111 Safari/537.36 moatbot
Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; AppInsights)
Mozilla/5.0 (compatible; um-LN/1.0; mailto: techinfo@ubermetrics-technologies.com)
Mozilla/5.0 (compatible; NetcraftSurveyAgent/1.0; +info@netcraft.com)
Mozilla/5.0 (compatible; DnyzBot/1.0)
Mozilla/5.0 (compatible; seoscanners.net/1; +spider@seoscanners.net)
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Google Web Preview) Chrome/27.0.1453 Safari/537.36
Mozilla/5.0 (compatible; adscanner/)
Mozilla/5.0 (compatible;acapbot/0.1;treat like Googlebot)
Mozilla/5.0 (compatible; BoxcarBot/1.1; +awesome@boxcar.io)
Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.0;.NET CLR 1.0.3705; ContextAd Bot 1.0)
Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Trident/6.0) LinkCheck by Siteimprove.com
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/62.0.3202.75 Safari/537.36 DareBoost
Mozilla/5.0 (compatible; ZuperlistBot/1.0)
Mozilla/5.0 (compatible; tracemyfile/1.0; +bot@tracemyfile.com)
Mozilla/5.0 (Java) outbrain
Mozilla/5.0 (Google-PhysicalWeb)
Mozilla/5.0 (compatible; Twingly Recon; twingly.com)
Mozilla/5.0 (Windows NT 6.2; WOW64) AppleWebKit/537.22 (KHTML, like Gecko) Chrome/25.0.1364.5 Safari/537.22 +awesomecrawler
Mozilla/5.0 (compatible; Dataprovider.com)
Mozilla/5.0 (compatible; theoldreader.com)
Mozilla/5.0 (compatible; HubSpot Crawler; web-crawlers@hubspot.com)
Mozilla/5.0 (compatible; MSIE 8.0; Windows NT 5.1) Streamline3Bot/1.0
Mozilla/5.0 (compatible; SimpleScraper)
Mozilla/5.0 (X11; Datanyze; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0.3325.181 Safari/537.36
Mozilla/5.0 (compatible; TrendsmapResolver/0.1)
Mozilla/5.0 (compatible; LinkisBot/1.0; bot@linkis.com) (iPhone; CPU iPhone OS 8_4_1 like Mac OS X) Mobile/12H321
Mozilla/5.0 (Linux; Android 7.0;) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; AspiegelBot)
Mozilla/5.0 (compatible; VKRobot/1.0)
Mozilla/5.0 (compatible; RidderBot/1.0; bot@ridder.co)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.103 Safari/537.36 (Refindbot/1.0)
Mozilla/5.0 (compatible; VoluumDSP-content-bot/2.0; +dsp-dev@codewise.com)
Mozilla/5.0 (compatible; evc-batch/2.0)
Mozilla/5.0 (compatible; BitSightBot/1.0)
Mozilla/5.0 (compatible; inoreader.com; 1 subscribers)
Mozilla/5.0 (compatible; ImagesiftBot; +imagesift.com)
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 CookieHubScan/3.0
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/87.0.4280.88 YextBot/Java Safari/537.36
Mozilla/5.0 AppleWebKit/537.36 Chrome/139.0.7258.127 Safari/537.36 Google-Ads-Conversions
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Playwright/1.40.0
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36 Puppeteer
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36; Selenium
Mozilla/5.00 (Nikto/2.1.5) (Evasions:None) (Test:Port Check)
Mozilla/5.0 (Windows NT 6.1; WOW64) acunetix-product/wvs (Acunetix Web Vulnerability Scanner - Free Edition)
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 newsai/1.0 Safari/537.36
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Amzn-SearchBot/0.1) Chrome/119.0.6045.214 Safari/537.36
Mozilla/5.0 (compatible; ApifyBot/1.0)
Mozilla/5.0 (compatible; Attracta)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; AzureAI-SearchBot/1.0;
Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.97 Safari/537.36 (Dotcom-Monitor)
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; compatible; Google-Agent)
Mozilla/5.0 (compatible; MixrankBot; crawler@mixrank.com)
Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; Netcraft SSL Server Survey - contact info@netcraft.com)
Mozilla/4.0 (compatible; Netcraft Web Server Survey)
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0.4896.60 Safari/537.36 NewRelicSynthetics/1.0
Mozilla/5.0 (compatible; RSiteAuditor)
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36 Scope3/2.0 (scope3.com)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ShapBot/0.1.0
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/95.0.4638.69 Safari/537.36 Silktide
Mozilla/5.0 compatible; yelpspider/yelpspider-1.0 (Crawlerbot run by Yelp Inc; yelpbot at yelp dot com)
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 CybaaBot
Mozilla/5.0 (compatible; HaloBot/1.0)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ABEvalBot/0.1) Version/11.1.2 Safari/605.1.15
Mozilla/5.0 (compatible; Dow Jones Searchbot)
Mozilla/5.0 (compatible; GoParserBot/1.0)
Mozilla/5.0 (HeadOnlyScraper)
Mozilla/5.0 (compatible;Impact.com Agent) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36
Mozilla/5.0; Keydrop.io/1.0(onlyscans.com/about);
Mozilla/5.0 (compatible; NaverBot/1.0; nhnbot@naver.com)
Mozilla/5.0 (compatible; Poduptime; +fediverse.observer)
Mozilla/5.0 (compatible; Pomothy-Bot/1.0)
Mozilla/5.0 (Linux; CentOS; compatible; semantic-visions-discovery; HTTPClient 4.5)
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Sindup/1.0.0
Mozilla/5.0 (Supabase Paired Crawler HTTP/2)
Mozilla/5.0 (watchOS 6.2; Watch; compatible; sv-watchagent; HTTPClient 4.5)
Mozilla/5.0 (compatible; SynthesiBot/1.0)
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7; TSMbot) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36
Mozilla/5.0 (compatible; UGAResearchAgent/1.0; Please visit: NISLabUGA.github.io)
Mozilla/2.0 (compatible; Ask Jeeves/Teoma; +http://sp.ask.com/docs/about/tech_crawling.html)
Mozilla/5.0 (compatible;  Page2RSS/0.7; +http://page2rss.com/)
Mozilla/5.0 (compatible; MSIE 7.0 +http://www.europarchive.org)
Mozilla/5.0 (compatible; Apercite; +http://www.apercite.fr/robot/index.html)
Mozilla/5.0 (compatible; GrapeshotCrawler/2.0; +http://www.grapeshot.co.uk/crawler.php)
Mozilla/5.0 (compatible; MegaIndex.ru/2.0; +https://www.megaindex.ru/?tab=linkAnalyze)
Mozilla/5.0 (compatible; OpenHoseBot/2.1; +http://www.openhose.org/bot.html)
Mozilla/5.0 (compatible; Sysomos/1.0; +http://www.sysomos.com/; Sysomos)
Mozilla/5.0 (compatible; Yahoo Link Preview; https://help.yahoo.com/kb/mail/yahoo-link-preview-SLN23615.html)
Mozilla/5.0 (compatible; NewShareCounts.com/1.0; +http://newsharecounts.com/crawler)
Mozilla/5.0 (compatible; YaK/1.0; http://linkfluence.com/; bot@linkfluence.com)
Mozilla/5.0 (compatible; ToutiaoSpider/1.0; http://web.toutiao.com/media_cooperation/;)
Mozilla/5.0 (compatible; oBot/2.3.1; +http://filterdb.iss.net/crawler/)
Mozilla/5.0 (compatible; AlphaBot/3.2; +http://alphaseobot.com/bot.html)
Mozilla/5.0 (compatible; SEOkicks; +https://www.seokicks.de/robot.html)
Mozilla/5.0 (compatible; CloudFlare-Prefetch/0.1; +http://www.cloudflare.com/)
Mozilla/5.0 (compatible; GroupHigh/1.0; +http://www.grouphigh.com/
Mozilla/5.0 (compatible; +http://tweetedtimes.com)
Mozilla/5.0 (compatible; Domains Project/1.0.3; +https://github.com/tb0hdan/domains)
Mozilla/5.0 (compatible;FindITAnswersbot/1.0;+http://search.it-influentials.com/bot.htm)
Mozilla/5.0 (compatible; Adsbot/3.1; +https://seostar.co/robot/)
Mozilla/5.0 (compatible; WellKnownBot/0.1; +https://well-known.dev/about/#bot)
Mozilla/5.0 (compatible; Yellowbrandprotectionbot/1.0; +https://www.yellowbp.com/bot.html)
Mozilla/5.0 (compatible; Semanticbot/1.0; +http://sempi.tech/bot.html)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-SearchBot/1.0; +https://www.anthropic.com)
Mozilla/5.0 (l9scan/2.0; +https://github.com/LeakIX/l9scan)
Mozilla/5.0 (compatible; AllAfrica; +https://allafrica.com/)
Mozilla/5.0 (compatible; Authory/1.0; +https://authory.com/)
Mozilla/5.0 (compatible; CapitalOneBot; +https://www.capitalone.com/)
Mozilla/5.0 (compatible; CloudflareRadarURLScanner; +https://radar.cloudflare.com/)
Mozilla/5.0 (compatible; Current/1.0; +https://currentreader.app; RSS Reader)
Mozilla/5.0 (compatible; Goodreads; +https://www.goodreads.com)
Mozilla/5.0 (compatible; imageSpider; +https://www.bytedance.com/)
Mozilla/5.0 (compatible; LinkCheckerBot/2.0; +https://linkchecker.pro/robot/)
Mozilla/5.0 (compatible; NetSeer crawler/2.0; +http://www.netseer.com/crawler.html; crawler@netseer.com)
Mozilla/5.0 (compatible; PhindBot; +https://www.phind.com/)
Mozilla/5.0 (compatible; ServerDensity; +https://www.serverdensity.com/)
Mozilla/5.0 (compatible; TavilyBot; +https://tavily.com/)
Mozilla/5.0 (compatible; WepchSearchEngine; +https://www.wepch.com/)
Mozilla/5.0 (compatible; Drupalbot; +https://www.drupal.org)
Mozilla/5.0 (X11; Linux i686; rv:6.0) Gecko/20100101 Firefox/6.0 (Freshbot/1.0/EU; http://webagent.wise-guys.nl/)
Mozilla/5.0 (compatible; PlagAwareBot/3.2; +https://www.plagaware.com/bot)
Mozilla/5.0 (compatible; DeepSeekBot/1.0; +https://www.deepseek.com/bot)
Mozilla/5.0 (compatible; Swiftbot/1.0; UID/649dce5512ab734096a50277; +http://swiftype.com/swiftbot)
Mozilla/5.0 (compatible; tracking-quality-spider/0.1; https://www.awin.com)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; WorldBot/0.1; +https://worldlabs.ai)
Mozilla/5.0 (compatible; Dead Link Checker; http://www.dead-link-checker.com/)
Mozilla/5.0 (compatible; Freespoke/2.0; +https://crawler.freespoke.com)
Mozilla/5.0 (compatible; GuestpostsBot/2.0; +https://guestposts.com.br/blog/robot/)
Mozilla/5.0 (compatible; Kagibot/1.0; +https://kagi.com/bot)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; LinerBot/1.0; +https://docs.getliner.com/docs/linerbot)
Mozilla/5.0 (compatible; Meta-ExternalHit/1.1; +http://www.facebook.com/externalhit_uatext.php)
Mozilla/5.0+(compatible; MxToolbox/Beta7; http://www.mxtoolbox.com/)
Mozilla/5.0 (compatible; Novaact/1.0; +https://www.novaact.com)
Mozilla/5.0 (compatible; PRTGCloudBot/1.0; +http://www.paessler.com/prtgcloudbot; for_[edf7e62f223b268942b7efa36b6be1e305fcdadb])
Mozilla/5.0 (compatible; PricedroneShoppingBot/1.0; +http://pricedrone.com/robot/)
Mozilla/5.0 AppleWebKit (compatible; s4a-probe-bot/1.0; Fake-Googlebot; +https://www.seo4ajax.com/webscraper)
Mozilla/5.0 (compatible; SERPtimizerBot; +http://serptimizer.com/serptimizer-bot)
Mozilla/5.0 (compatible; SlickBot/1.0; +http://slickstream.com)
Mozilla/5.0 (compatible; tchelebi/1.0; +http://tchelebi.io)
DoCoMo/2.0 N905i(c100;TB;W24H16) (compatible; Googlebot-Mobile/2.1; +http://www.google.com/bot.html)
CyberPatrol SiteCat Webbot (http://www.cyberpatrol.com/cyberpatrolcrawler.asp)
ADmantX Platform Semantic Analyzer - ADmantX Inc. - www.admantx.com - support@admantx.com
Jugendschutzprogramm-Crawler; Info: http://www.jugendschutzprogramm.de
Ruby, Twurly v1.1 (http://twurly.org)
Bot.AraTurka.com/0.0.1
jpg-newsbot/2.0; (+https://vipnytt.no/bots/)
SimplePie/1.3-dev (Feed Parser; http://simplepie.org; Allow like Gecko)
infoobot/0.1 (https://www.infoo.nl/bot.html)
CISPA Webcrawler (https://vuln-notify-checker.cispa.saarland)
HTTP Banner Detection (https://security.ipip.net)
Anomura/1.2 (+https://www.direqt.ai)
EvernoteRichLinkBot/1.0 (+https://evernote.com)
productsup.io/crawler
CyberFindCrawler
SitesOverPagesBot
CyotekWebCopy/1.9 CyotekHTTP/6.4
YandoriRSSBot/3.0 (Go)
BeeperBot/0 Matrix-Media-Repo/1
UA Clearscopebot or similar
crusty/0.12.0
Friendly testing bot
Hello World
Klaviyo/1.0
montastic-monitor www.montastic.com
PocketCasts/1.0 (Pocket Casts Feed Parser; +http://pocketcasts.com/)
ScourRSSBot/1.0 (+https://scour.ing/bot)
Sora POS/1.0 (Sora Websoft)
Trellis-Services
Wordup-1
""".strip().splitlines()
