import type { TransportError } from '@casty/transport'

/** Until when peers take the own certificate. */
export interface End {
  /** In milliseconds of the epoch. */
  readonly expiresAt: number
  /** What ends then: the certificate itself, or one of those that vouch for it, which is to be replaced on all nodes. */
  readonly endsWith: 'certificate' | 'authority'
}

/** What becomes of the own certificate. */
export type CertificateNotice =
  /** It is to be replaced by then: in milliseconds of the epoch. */
  | ({ readonly type: 'expires-soon'; readonly daysLeft: number } & End)
  /** Peers refuse this node's new connections. */
  | ({ readonly type: 'expired' } & End)
  /** New connections are made with it. */
  | { readonly type: 'reloaded'; readonly expiresAt: number }
  /** The one that was there stays in use. */
  | { readonly type: 'reload-failed'; readonly error: TransportError }
  /** Everybody on this machine may read the file of the private key, or write it. */
  | { readonly type: 'key-exposed'; readonly file: string; readonly mode: string }

const dayMs = 86_400_000

/** From when on and until when what ends first is valid, in milliseconds of the epoch. */
export interface Life extends End {
  readonly validFrom: number
}

/** How near the end is: how many of its warnings are due by now. */
export function warningsDue(life: Life, now: number): number {
  const leftMs = life.expiresAt - now
  return [...warnedMs(life), 0].filter((beforeMs) => leftMs <= beforeMs).length
}

/** The warning to give, where one is due. */
export function expiryNotice(life: Life, now: number): CertificateNotice | undefined {
  const { expiresAt, endsWith } = life
  if (expiresAt <= now) return { type: 'expired', expiresAt, endsWith }
  if (warningsDue(life, now) === 0) return undefined
  const daysLeft = Math.floor((expiresAt - now) / dayMs)
  return { type: 'expires-soon', expiresAt, endsWith, daysLeft }
}

/**
 * How long before the end it is told, each once: 30, 7 and 1 days, but not in the first two thirds of
 * a life that is short; of one of less than three days, in its last fifth.
 */
function warnedMs({ validFrom, expiresAt }: Life): readonly number[] {
  const lifeMs = expiresAt - validFrom
  const fitting = [30, 7, 1].map((days) => days * dayMs).filter((ms) => ms <= lifeMs / 3)
  return fitting.length > 0 ? fitting : [lifeMs / 5]
}

/** Of the warning that a process is given where nobody listens: for whoever tells warnings apart. */
export const warningCodes: Readonly<Record<CertificateNotice['type'], string>> = {
  'expires-soon': 'CASTY_CERTIFICATE_EXPIRES_SOON',
  expired: 'CASTY_CERTIFICATE_EXPIRED',
  reloaded: 'CASTY_CERTIFICATE_RELOADED',
  'reload-failed': 'CASTY_CERTIFICATE_RELOAD_FAILED',
  'key-exposed': 'CASTY_KEY_EXPOSED',
}

/** For a log: what happened, and what to do about it. */
export function describeNotice(notice: CertificateNotice): string {
  switch (notice.type) {
    case 'expires-soon':
      return `${subjectOf(notice)} expires at ${dateOf(notice)}: ${remedyOf(notice)}.`
    case 'expired':
      return `${subjectOf(notice)} expired at ${dateOf(notice)}: no peer takes a new connection until you ${remedyOf(notice)}.`
    case 'reloaded':
      return `This node's certificate was read again; it expires at ${dateOf(notice)}.`
    case 'key-exposed':
      return `Others may read the private key in ${notice.file} (${notice.mode}): chmod 600.`
    case 'reload-failed':
      return `This node's certificate could not be read again, and the former stays in use. ${notice.error.message}`
  }
}

function subjectOf({ endsWith }: End): string {
  return endsWith === 'certificate'
    ? "This node's certificate"
    : "The authority of this node's certificate"
}

function remedyOf({ endsWith }: End): string {
  return endsWith === 'certificate'
    ? 'replace its files'
    : 'replace it on all nodes, and the certificates that it has signed'
}

function dateOf({ expiresAt }: { readonly expiresAt: number }): string {
  return new Date(expiresAt).toISOString()
}
