import { freshName, type LeaseSubject, type LeaseUnderTest } from './subject.ts'

/** Leases of one name, each with an owner of its own, that end with the test. */
export class Rivals implements AsyncDisposable {
  readonly name: string = freshName()
  readonly #subject: LeaseSubject
  readonly #opened: LeaseUnderTest[] = []

  constructor(subject: LeaseSubject) {
    this.#subject = subject
  }

  async open(owner: string): Promise<LeaseUnderTest> {
    const lease = await this.#subject.open(this.name, owner)
    this.#opened.push(lease)
    return lease
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
