import type { X509Certificate } from 'node:crypto'

/** One entry of what Node writes: a kind, and a value that is quoted where it holds what separates. */
const entry = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g

/** Subject alternative names, as `URI:…`, `DNS:…`, `IP:…`; those of other kinds are left out. */
export function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return [...subjectAltName.matchAll(entry)].flatMap(([, kind = '', text = '']) => {
    const value = text.startsWith('"') ? String(JSON.parse(text)) : text
    switch (kind) {
      case 'URI':
        return [`URI:${value}`]
      case 'DNS':
        return [`DNS:${value.toLowerCase()}`]
      case 'IP Address':
        return [`IP:${value.includes(':') ? shortIPv6(value) : value}`]
      default:
        return []
    }
  })
}

/** As people and addresses write it: `0:0:0:0:0:0:0:1` is `::1`. */
function shortIPv6(address: string): string {
  const url = `http://[${address}]`
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : address
}
