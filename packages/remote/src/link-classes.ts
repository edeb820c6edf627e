import type { NodeIdentity } from '@casty/transport'
import type { ClassMeanings } from './class-meanings.ts'
import type { Peer } from './peer.ts'
import type { ClassCodec } from './serializer.ts'

/** Between whom the message is that is written or read. */
export interface Link {
  /** Whom it is for, or who sent it. */
  readonly peer: Peer | undefined
  /** For whom a message of this node was written that came back. */
  readonly receiver: NodeIdentity | undefined
}

export interface ClassWords {
  readonly classMeanings: ClassMeanings
  /** That node may name a class by number. */
  tellOfClass(to: Peer, number: number, name: string): void
  /** That node may not. */
  tellOfUnknownClass(to: Peer, number: number): void
}

/** Numbers of classes between this node and whoever the message at hand is for or from. */
export class LinkClasses implements ClassCodec {
  readonly #link: Link
  readonly #words: ClassWords

  constructor(link: Link, words: ClassWords) {
    this.#link = link
    this.#words = words
  }

  takes(number: number, name: string): boolean {
    const isTaken = this.#link.peer?.classes.takes(number, name) ?? false
    return isTaken && this.#words.classMeanings.take(number, name)
  }

  cameByName(number: number, name: string): void {
    const sender = this.#sender
    if (!sender || !this.#words.classMeanings.take(number, name)) return
    if (sender.classes.cameByName(number)) this.#words.tellOfClass(sender, number, name)
  }

  means(number: number, name: string): boolean {
    return this.#words.classMeanings.has(number, name)
  }

  cameUnknown(number: number): void {
    if (this.#sender) this.#words.tellOfUnknownClass(this.#sender, number)
  }

  /** Of what came back there is nobody to tell anything. */
  get #sender(): Peer | undefined {
    return this.#link.receiver === undefined ? this.#link.peer : undefined
  }
}
