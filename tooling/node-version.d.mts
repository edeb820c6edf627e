export declare const oldestLauncher: number
export declare const bundledNode: string

export type NodeVerdict =
  | { readonly type: 'use-own' }
  | { readonly type: 'fetch'; readonly sentence: string }
  | { readonly type: 'refuse'; readonly sentence: string }

export declare function judgeNode(version: string, wanted: string): NodeVerdict
