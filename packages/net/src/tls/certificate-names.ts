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
      case 'IP Address':
        return [plainName(`${kind === 'DNS' ? kind : 'IP'}:${value}`)]
      default:
        return []
    }
  })
}

/** The one way to write a name, by which names are compared: host names in lower case, short IPv6 addresses. */
export function plainName(name: string): string {
  if (name.startsWith('DNS:')) return `DNS:${name.slice(4).toLowerCase()}`
  return name.startsWith('IP:') && name.includes(':', 3) ? `IP:${shortIPv6(name.slice(3))}` : name
}

/** As people and addresses write it: `0:0:0:0:0:0:0:1` is `::1`. */
function shortIPv6(address: string): string {
  const url = `http://[${address}]`
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : address
}
