/** What one request to the in-memory store comes to, instead of what it would come to by itself. */
export type ProgrammedAnswer =
  /** The lease is granted, renewed or freed; whoever else held it has lost it. */
  | { readonly type: 'granted' }
  /** It is not granted, not renewed; a release is of no effect. */
  | { readonly type: 'denied' }
  /** The store says that it failed and did nothing. @defaultValue an error that names the request */
  | { readonly type: 'failed'; readonly error?: Error }
  /** Carried out at once; the answer comes `byMs` later. */
  | { readonly type: 'late'; readonly byMs: number }
  /** Held up on its way: carried out `byMs` later, and answered then. */
  | { readonly type: 'delayed'; readonly byMs: number }
  /** No answer ever comes. Whether the request was carried out nobody hears. @defaultValue true */
  | { readonly type: 'unanswered'; readonly carriedOut?: boolean }

/** What can be asked of the store. */
export type LeaseRequest = 'acquire' | 'renew' | 'release'

/** Which requests an answer or a cut is for. */
export interface RequestFilter {
  /** @defaultValue 'acquire' */
  readonly request?: LeaseRequest
  /** @defaultValue of any owner */
  readonly owner?: string
}

interface Programmed extends Required<Pick<RequestFilter, 'request'>> {
  readonly owner: string | undefined
  readonly answer: ProgrammedAnswer
}

/** Answers that wait for the request they are meant for, each for one, the first that fits first. */
export class ProgrammedAnswers {
  readonly #waiting: Programmed[] = []

  add(answer: ProgrammedAnswer, { request = 'acquire', owner }: RequestFilter): void {
    this.#waiting.push({ answer, request, owner })
  }

  take(request: LeaseRequest, owner: string): ProgrammedAnswer | undefined {
    const at = this.#waiting.findIndex(
      (one) => one.request === request && (one.owner ?? owner) === owner,
    )
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]?.answer
  }

  clear(): void {
    this.#waiting.length = 0
  }

  /** How many still wait: at the end of a test, a check that none was in vain. */
  get size(): number {
    return this.#waiting.length
  }
}
