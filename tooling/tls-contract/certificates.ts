import {
  createAuthority,
  createNodeCertificate,
  renewAuthority,
} from '../../packages/cert/src/index.ts'
import type {
  IssuedCertificate,
  NodeCertificateOptions,
  Validity,
} from '../../packages/cert/src/index.ts'
import { NodeAddress } from '../../packages/transport/src/index.ts'

/** What `tls` takes, with everything in it. */
export interface TestCredentials {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** An authority of a test, and what it signs. */
export class TestAuthority {
  readonly #authority: IssuedCertificate

  private constructor(authority: IssuedCertificate) {
    this.#authority = authority
  }

  static async create(name = 'tests'): Promise<TestAuthority> {
    return new TestAuthority(await createAuthority({ name }))
  }

  /** The same with another life: what one has signed, the other vouches for as well. */
  async renew(validity: Validity): Promise<TestAuthority> {
    return new TestAuthority(await renewAuthority(this.#authority, validity))
  }

  get ca(): string {
    return this.#authority.cert
  }

  /** For a node of the cluster `tests` at any port of 127.0.0.1, where nothing else is said. */
  async issue(options: Partial<NodeCertificateOptions> = {}): Promise<TestCredentials> {
    const issued = await createNodeCertificate(this.#authority, {
      clusterName: 'tests',
      address: NodeAddress.parse('127.0.0.1:0'),
      days: 1,
      ...options,
    })
    return { ca: this.ca, ...issued }
  }
}
