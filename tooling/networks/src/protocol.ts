/** What a node's process is started with, as its only argument in JSON. */
export interface NodeSettings {
  /** A name, as peers have it. */
  readonly host: string
  readonly port: number
  readonly seedNodes: readonly string[]
  readonly transport: 'tcp' | 'ws'
}

export type Instruction =
  /** Sends a frame of so many bytes to a member, named by its host, again and again; of none: no more. */
  | { readonly type: 'talk'; readonly to: string; readonly bytes: number }
  /** Opens files until the system gives no more; and closes them. */
  | { readonly type: 'exhaust' | 'relax' }

export type Report =
  | { readonly type: 'began'; readonly key: string }
  | { readonly type: 'view'; readonly view: View }
  /** In the words of `Node.told`. */
  | { readonly type: 'told'; readonly what: string }
  /** How many frames each member, by its host, has answered, and how many files are open by instruction. */
  | {
      readonly type: 'counts'
      readonly answered: Readonly<Record<string, number>>
      readonly openFiles: number
      readonly localFailures: number
    }

/** By keys. */
export interface View {
  readonly up: readonly string[]
  readonly unreachable: readonly string[]
}

/** Of a process that only makes a network: its namespaces, and who runs in the first of them. */
export interface LanReport {
  readonly type: 'made'
  readonly namespaces: readonly string[]
  readonly guest: number
}
