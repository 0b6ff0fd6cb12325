/**
 * Ways to write a URL so that it looks like one that may have the trace context, and ways to write one that may.
 */

/** Who may have the context: one origin, one host, all hosts below a name, one host on one port, and one's own network. */
export const allowed: ReadonlyArray<string> = [
  "https://api.example.com",
  "partner.example",
  "*.trusted.example",
  "tls.example:8443",
  "bücher.example",
  "[2001:db8::7]",
  "198.51.100.7",
  "own"
]

export interface UrlTrick {
  readonly url: string
  /** True where the context may go there. */
  readonly goes: boolean
}

const goes = (...urls: ReadonlyArray<string>): ReadonlyArray<UrlTrick> => urls.map((url) => ({ url, goes: true }))
const stays = (...urls: ReadonlyArray<string>): ReadonlyArray<UrlTrick> => urls.map((url) => ({ url, goes: false }))

export const tricks: ReadonlyArray<UrlTrick> = [
  // An origin: scheme, host and port
  ...goes(
    "https://api.example.com/",
    "https://API.Example.COM/x",
    "https://api.example.com:443/",
    "https://api.example.com./",
    "https://user:pass@api.example.com/",
    "https://api.example.com/?next=https://evil.example",
    "https:api.example.com/x",
    "https:\\\\api.example.com\\x",
    "https://%61pi.example.com/",
    "https://ａpi.example.com/",
    "\thttps://api.exam\nple.com/"
  ),
  ...stays(
    "http://api.example.com/",
    "https://api.example.com:8443/",
    "https://api.example.com.evil.example/",
    "https://api.example.com@evil.example/",
    "https://api.example.com:443@evil.example/",
    "https://evil.example/https://api.example.com/",
    "https://evil.example/?https://api.example.com/",
    "https://evil.example#https://api.example.com/",
    "https://evil.example\\@api.example.com/",
    "https://evil.example/@api.example.com/",
    "https://evilapi.example.com/",
    "https://eu.api.example.com/",
    "https://api-example.com/",
    "https://api.example.com-evil.example/",
    "https://api.example.co/",
    "https://xn--pi-6kc.example.com/",
    "https://аpi.example.com/",
    "https://api.example.com%2eevil.example/"
  ),
  // A host: any scheme and port
  ...goes("https://partner.example/", "http://partner.example:81/", "http://PARTNER.example./"),
  ...stays(
    "https://www.partner.example/",
    "https://partner.example.evil.example/",
    "https://partner.example%00.evil/",
    "https://partner.example@evil.example/",
    "https://notpartner.example/",
    "https://partner.example../"
  ),
  // All hosts below a name
  ...goes("https://a.trusted.example/", "https://a.b.trusted.example:8443/", "https://A.TRUSTED.example./"),
  ...stays(
    "https://trusted.example/",
    "https://eviltrusted.example/",
    "https://a.trusted.example.evil/",
    "https://a.trusted.example@evil.example/",
    "https://.trusted.example/",
    "https://a.trusted.examples/"
  ),
  // One host on one port
  ...goes("https://tls.example:8443/", "http://tls.example:08443/"),
  ...stays(
    "https://tls.example/",
    "https://tls.example:443/",
    "https://tls.example:84430/x",
    "https://tls.example:8443@evil.example/"
  ),
  // Names in other scripts, and addresses
  ...goes(
    "https://bücher.example/",
    "https://xn--bcher-kva.example/",
    "https://BÜCHER.example/",
    "http://[2001:DB8:0:0::7]:8080/",
    "http://[2001:db8::0007]/",
    "http://198.51.100.7/",
    "http://0xC6336407/",
    "http://[::ffff:198.51.100.7]/"
  ),
  ...stays(
    "https://bucher.example/",
    "https://xn--bcher-kvb.example/",
    "http://[2001:db8::8]/",
    "http://198.51.100.8/",
    "http://198.51.100.7.evil.example/"
  ),
  // One's own network, however it is written
  ...goes(
    "http://localhost/",
    "http://LOCALHOST.:3000/",
    "http://payments:8080/",
    "http://api.localhost/",
    "http://db.internal/",
    "http://api.prod.svc/",
    "http://api.prod.svc.cluster.local/",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://2130706433/",
    "http://0/",
    "http://10.0.0.1/",
    "http://012.0.0.1/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[fd00::1]/",
    "http://①②⑦.0.0.1/"
  ),
  ...stays(
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://127.0.0.1.evil.example/",
    "http://127.0.0.1@evil.example/",
    "http://evil.example:80#@127.0.0.1/",
    "http://172.32.0.1/",
    "http://11.0.0.1/",
    "http://0x08080808/",
    "http://134744072/",
    "http://010.010.010.010/",
    "http://[::ffff:8.8.8.8]/",
    "http://[2001:db8::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://internal.evil.example/",
    "http://svc.evil.example/",
    "http://a.internal.evil/",
    "http://a.localx/"
  )
]
