/** Changes with every build: a cache written by another build may have other shapes. */
declare const __BUILD__: string;
