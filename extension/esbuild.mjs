// Bundles the extension into one file: node esbuild.mjs [--debug] [--watch]
import * as esbuild from 'esbuild';

const debug = process.argv.includes('--debug'); // readable, with a source map inside
const options = {
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
    minify: !debug,
    sourcemap: debug && 'inline',
    legalComments: 'none',
    logLevel: 'warning',
};

if (process.argv.includes('--watch')) {
    await (await esbuild.context(options)).watch();
} else {
    await esbuild.build(options);
}
