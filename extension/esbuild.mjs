// Bundles the extension and its webview: node esbuild.mjs [--debug] [--watch]
import * as esbuild from 'esbuild';

const debug = process.argv.includes('--debug'); // readable, with a source map inside
const shared = {
    bundle: true,
    minify: !debug,
    sourcemap: debug && 'inline',
    legalComments: 'none',
    logLevel: 'warning',
};
const builds = [
    {
        ...shared,
        entryPoints: ['src/extension.ts'],
        outfile: 'dist/extension.js',
        platform: 'node',
        target: 'node20',
        format: 'cjs',
        external: ['vscode'],
    },
    {
        ...shared,
        entryPoints: { table: 'webview/table/main.tsx', compare: 'webview/compare/main.tsx' },
        outdir: 'dist',
        platform: 'browser',
        alias: { vscode: './webview/table/vscode.ts' },
        target: 'es2022',
        format: 'iife',
        jsx: 'automatic',
        jsxImportSource: 'preact',
    },
];

for (const options of builds) {
    if (process.argv.includes('--watch')) {
        await (await esbuild.context(options)).watch();
    } else {
        await esbuild.build(options);
    }
}
