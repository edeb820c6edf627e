export declare function isInNpxCache(wanted: string, cache: string | undefined): boolean
