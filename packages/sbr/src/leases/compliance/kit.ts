import { freshName, type LeaseSubject, type LeaseUnderTest } from './subject.ts'

/** Leases of one name, each with an owner that no other test has, that end with the test. */
export class Rivals implements AsyncDisposable {
  readonly name: string = freshName()
  readonly #subject: LeaseSubject
  readonly #opened: LeaseUnderTest[] = []

  constructor(subject: LeaseSubject) {
    this.#subject = subject
  }

  async open(owner: string): Promise<LeaseUnderTest> {
    const lease = await this.#subject.open(this.name, this.#ownOf(owner))
    this.#opened.push(lease)
    return lease
  }

  /** Loses what the owner sends, or only what it is answered, until `mend`. */
  async cut(owner: string, what: 'everything' | 'answers'): Promise<void> {
    await this.#subject.cut?.(this.#ownOf(owner), what)
  }

  async mend(owner: string): Promise<void> {
    await this.#subject.mend?.(this.#ownOf(owner))
  }

  /** Opens and acquires, with a note of each loss. */
  async holder(owner: string): Promise<{ lease: LeaseUnderTest; losses: Error[] }> {
    const lease = await this.open(owner)
    const losses: Error[] = []
    const isGranted = await lease.acquire({ onLost: (reason) => losses.push(reason) })
    if (!isGranted) throw new Error(`${owner} was to hold ${this.name}, and was denied it`)
    return { lease, losses }
  }

  /** Asks again and again, for `forMs` at most: whether the lease was granted. */
  async getsWithin(forMs: number, lease: LeaseUnderTest): Promise<boolean> {
    const stepMs = this.#subject.ttlMs / 20
    for (let waitedMs = 0; ; waitedMs += stepMs) {
      if (await lease.acquire()) return true
      if (waitedMs >= forMs) return false
      await this.#subject.pass(stepMs)
    }
  }

  /** Where tests run at once, what is cut off in one is not to be in another. */
  #ownOf(owner: string): string {
    return `${this.name}-${owner}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lease of this.#opened) await lease[Symbol.asyncDispose]()
  }
}

/** What becomes of a promise while time passes: `pending` where it has come to nothing. */
export async function outcomeWithin(
  subject: LeaseSubject,
  ms: number,
  work: Promise<unknown>,
): Promise<'pending' | 'rejected' | { readonly value: unknown }> {
  let outcome: 'pending' | 'rejected' | { readonly value: unknown } = 'pending'
  work.then(
    (value) => (outcome = { value }),
    () => (outcome = 'rejected'),
  )
  for (let passedMs = 0; outcome === 'pending' && passedMs < ms; passedMs += ms / 20) {
    await subject.pass(ms / 20)
  }
  return outcome
}
