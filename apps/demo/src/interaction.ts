// What the keys do: they act on the node that is selected.
import { mostNodes } from './command-line.ts'
import type { Key } from './keys.ts'
import type { News } from './news.ts'

export const keyHelp =
  'k kill -9   p pause/resume   r restart   l leave   a add   ↑ ↓ 1-9 select   q quit'

/** What the keys act on: an `Ensemble`. */
export interface KeyTarget {
  readonly names: readonly string[]
  isAlive(name: string): boolean
  isPaused(name: string): boolean
  kill(name: string): void
  pause(name: string): void
  resume(name: string): void
  restart(name: string): void
  leave(name: string): void
  add(): string
}

export class Interaction {
  readonly #target: KeyTarget
  readonly #notice: (text: string) => void
  readonly #quit: () => void
  /** Killed in order to be started again. */
  readonly #restarting = new Set<string>()
  #selected = 'n1'

  constructor(target: KeyTarget, notice: (text: string) => void, quit: () => void) {
    this.#target = target
    this.#notice = notice
    this.#quit = quit
  }

  get selected(): string {
    return this.#selected
  }

  /** To be told of everything: a restart goes on when the old process is gone. */
  heed(news: News): void {
    if (news.type !== 'process-ended' || !this.#restarting.delete(news.node)) return
    this.#target.restart(news.node)
  }

  press(key: Key): void {
    switch (key.type) {
      case 'up':
        this.#select(this.#position() - 1)
        return
      case 'down':
        this.#select(this.#position() + 1)
        return
      case 'digit':
        this.#select(key.digit - 1)
        return
      case 'interrupt':
        this.#quit()
        return
      case 'letter':
        this.#command(key.letter)
        return
    }
  }

  #command(letter: string): void {
    switch (letter) {
      case 'k':
        this.#withLiving((name) => this.#target.kill(name), 'is killed')
        return
      case 'p':
        this.#pauseOrResume()
        return
      case 'r':
        this.#restart()
        return
      case 'l':
        this.#leave()
        return
      case 'a':
        this.#add()
        return
      case 'q':
        this.#quit()
        return
      default:
        this.#notice(`${letter} does nothing.`)
        return
    }
  }

  #pauseOrResume(): void {
    if (this.#target.isPaused(this.#selected))
      this.#withLiving((name) => this.#target.resume(name), 'goes on')
    else this.#withLiving((name) => this.#target.pause(name), 'is stopped: p lets it go on')
  }

  #restart(): void {
    const name = this.#selected
    this.#notice(`${name} is started again at its address.`)
    if (!this.#target.isAlive(name)) {
      this.#target.restart(name)
      return
    }
    this.#restarting.add(name)
    this.#target.kill(name)
  }

  #leave(): void {
    if (this.#target.isPaused(this.#selected))
      this.#notice(`${this.#selected} is stopped and hears nothing: p lets it go on.`)
    else this.#withLiving((name) => this.#target.leave(name), 'is asked to leave')
  }

  #add(): void {
    if (this.#target.names.length >= mostNodes) {
      this.#notice(`${mostNodes} nodes are the most that there is room for.`)
      return
    }
    this.#selected = this.#target.add()
    this.#notice(`${this.#selected} is added.`)
  }

  #withLiving(act: (name: string) => void, done: string): void {
    const name = this.#selected
    if (!this.#target.isAlive(name)) {
      this.#notice(`The process of ${name} is gone: r starts it again.`)
      return
    }
    act(name)
    this.#notice(`${name} ${done}.`)
  }

  #position(): number {
    return this.#target.names.indexOf(this.#selected)
  }

  #select(position: number): void {
    const name = this.#target.names[position]
    if (name === undefined) return
    this.#selected = name
    this.#notice(`${name} is selected.`)
  }
}
