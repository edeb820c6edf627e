/**
 * As what a process takes part. A member may say anything; a client uses a cluster without being of it, so what only
 * members say is not heeded from it.
 */
export type Trust = 'member' | 'client'

/** As what the two ends of a connection prove themselves: a credential for one pair is worth nothing for another. */
export interface ProofPurpose {
  readonly dialler: Trust
  readonly acceptor: Trust
}

/**
 * How two ends convince each other that they know the same secret, without telling it. Synchronous, so that it runs
 * alike in production, in a page and on virtual time. `sharedSecret()` of `@casty/secret` is one.
 */
export interface Authentication {
  /** Whether there is a credential for connections between such ends. */
  isFor(purpose: ProofPurpose): boolean
  /** Begins the handshake of one connection, at one of its ends. */
  begin(): ProofExchange
}

/** One end's part in the handshake of one connection: the dialler proves and then checks, the acceptor the other way round. */
export interface ProofExchange {
  /** 32 bytes drawn for this connection alone, which nobody could foresee. */
  readonly nonce: Uint8Array
  /**
   * 32 bytes that only those make who know the secret. The acceptor proves by the secret that `verify` found, the
   * dialler by the one that signs.
   *
   * @param transcript - everything that was said on the connection, at which end it is proved included
   */
  prove(purpose: ProofPurpose, transcript: Uint8Array): Uint8Array
  /**
   * Whether the other end knows the secret: an acceptor tries all it accepts, the dialler the one it proved by. Takes
   * as long whatever is wrong with `proof`.
   */
  verify(purpose: ProofPurpose, transcript: Uint8Array, proof: Uint8Array): boolean
}

/** Length of nonces and proofs, in bytes. */
export const proofBytes = 32
