/** Whom a strategy gives up, as seen by the node that decides. `nodesToDown` says who that is. */
export type DowningDecision =
  /** Nobody. */
  | { readonly type: 'stay' }
  /** Whoever is unreachable: this side survives. */
  | { readonly type: 'down-unreachable' }
  /** Whoever is reachable, this node included: the other side survives. */
  | { readonly type: 'down-reachable' }
  | { readonly type: 'down-all' }
  /** Whoever reaches some members and not others, and with them whom `also` decides of the rest. */
  | { readonly type: 'down-indirectly-connected'; readonly also?: DowningDecision }
  /** The reverse of that: the indirectly connected, and whoever is reachable. */
  | { readonly type: 'reverse-down-indirectly-connected' }
  /** Ask for the lease after `delayMs`; who gets it survives. */
  | {
      readonly type: 'acquire-lease'
      readonly delayMs: number
      readonly granted: DowningDecision
      readonly denied: DowningDecision
    }
