import { TransportError } from './errors.ts'

/**
 * Where a node listens: a host name or IP literal, and a port.
 *
 * Invariant: `host` is lower case, without brackets, and not empty; `port` is an integer from 0 to
 * 65,535, where 0 asks the system to pick one and never names a running node.
 */
export class NodeAddress {
  readonly host: string
  readonly port: number
  readonly #text: string

  private constructor(host: string, port: number) {
    this.host = host
    this.port = port
    this.#text = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  }

  /** @throws TransportError `CASTY_TRANSPORT_INVALID_ADDRESS` */
  static of(host: string, port: number): NodeAddress {
    const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
    if (!validHost.test(bare))
      throw TransportError.invalidAddress(
        `${host}:${port}`,
        'its host is not a host name or IP literal',
      )
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw TransportError.invalidAddress(
        `${host}:${port}`,
        'its port is not an integer from 0 to 65535',
      )
    }
    return new NodeAddress(bare.toLowerCase(), port)
  }

  /**
   * Reads `host:port`; an IPv6 literal stands in brackets, as in `[::1]:2551`.
   *
   * @throws TransportError `CASTY_TRANSPORT_INVALID_ADDRESS`
   */
  static parse(text: string): NodeAddress {
    const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
    const host = match?.[1] ?? match?.[2]
    if (!match || host === undefined)
      throw TransportError.invalidAddress(text, 'it does not read host:port')
    return NodeAddress.of(host, Number(match[3]))
  }

  /** Total order: by host as text, then by port as a number. */
  static compare(this: void, left: NodeAddress, right: NodeAddress): number {
    if (left.host !== right.host) return left.host < right.host ? -1 : 1
    return left.port - right.port
  }

  equals(other: NodeAddress): boolean {
    return this.#text === other.#text
  }

  /** `host:port`, the form that `parse` reads; equal addresses have equal texts. */
  toString(): string {
    return this.#text
  }

  toJSON(): string {
    return this.#text
  }
}

const validHost = /^(?:[a-z0-9_](?:[a-z0-9_.-]{0,252})?|[0-9a-f:.%a-z]{2,64})$/i
