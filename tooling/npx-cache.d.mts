export declare function npmCacheFolder(): string
export declare function isInNpxCache(wanted: string, cache: string): boolean
