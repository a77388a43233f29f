/** Copy keys to the clipboard: as values, as commands, as code, as items of a seed file. */

import * as vscode from 'vscode';
import type { Parts } from './command';
import * as format from './format';
import type { KeyRef } from './keys';
import { brief } from './messages';
import { NothingThere } from './prompts';
import type { Value } from './protocol';

const { t } = vscode.l10n;

const MOST = 1000; // keys whose values are read for one copy
const MOST_BYTES = 50 * 1024 * 1024; // of their values

/** Copy the values of keys, one after the other. */
export async function copyValues(parts: Parts, refs: KeyRef[]): Promise<void> {
    const values = await read(parts, refs);
    const binary = values.find(({ value }) => value.base64 !== undefined);
    const texts = values.map(({ value }) => value.text ?? value.base64 ?? '');
    await copy(texts.join('\n'));
    const what = format.count(values.length, 'value');
    brief(binary ? t('Copied {0}, bytes as base64', what) : t('Copied {0}', what));
}

/** Copy wrangler commands that read keys from the local store. */
export async function copyWrangler(parts: Parts, refs: KeyRef[]): Promise<void> {
    const lines = refs.map(({ space, key }) => {
        const name = decodeURIComponent(space.config.split('/').pop() ?? '');
        const inCode = /\.[cm]?[jt]s$/.test(name); // wrangler finds no binding there
        const project = parts.model.project(space.config);
        const declared = !inCode && project?.namespaces.some(({ id, binding }) =>
            id === space.id && binding === space.binding);
        const target = declared ? `--binding ${quoted(space.binding)}` : `--namespace-id ${quoted(space.id)}`;
        const environment = declared && space.environment ? ` --env ${quoted(space.environment)}` : '';
        const place = project?.store.startsWith('cloudflare:') ? '--remote' : '--local';
        const folder = /^wrangler:(.+)/.exec(project?.store ?? '')?.[1];
        const state = folder ? ` --persist-to ${quoted(folder)}` : '';
        const isFound = inCode || /^wrangler\.(toml|jsonc?)$/.test(name);
        const config = isFound ? '' : ` --config ${quoted(name)}`;
        const where = `${place}${state}${config}`;
        return `npx wrangler kv key get ${quoted(key)} ${target}${environment} ${where} --text`;
    });
    await copy(lines.join('\n'));
    brief(t('Copied {0}', format.count(lines.length, 'wranglerCommand')));
}

/** Copy the calls that read keys in a Worker. */
export async function copyCode(_: Parts, refs: KeyRef[]): Promise<void> {
    const lines = refs.map(({ space, key }) => `await env.${space.binding}.get(${JSON.stringify(key)})`);
    await copy(lines.join('\n'));
    brief(t('Copied {0}', format.count(lines.length, 'call')));
}

/** Copy keys as items of a seed file. */
export async function copySeed(parts: Parts, refs: KeyRef[]): Promise<void> {
    const items = await seedItems(parts, refs);
    await copy(items.join(',\n'));
    brief(t('Copied {0}', format.count(items.length, 'seedItem')));
}

/** Return a seed file with some keys. */
export async function seedFile(parts: Parts, refs: KeyRef[]): Promise<string> {
    return `[\n${(await seedItems(parts, refs)).join(',\n')}\n]\n`;
}

async function seedItems(parts: Parts, refs: KeyRef[]): Promise<string[]> {
    return (await read(parts, refs)).map(({ key, value }) => {
        const { text, base64, expiration, metadataText } = value;
        const fields = [
            `"key": ${JSON.stringify(key)}`,
            `"value": ${JSON.stringify(text ?? base64)}`,
            ...(base64 === undefined ? [] : ['"base64": true']),
            ...(expiration ? [`"expiration": ${expiration}`] : []),
            ...(metadataText ? [`"metadata": ${metadataText}`] : []), // as it is stored
        ];
        return `  { ${fields.join(', ')} }`;
    });
}

/** Read keys; those that are gone are left out. */
async function read(parts: Parts, refs: KeyRef[]): Promise<{ key: string; value: Value }[]> {
    const found: { key: string; value: Value }[] = [];
    let size = 0;
    for (const { space, key } of refs) {
        const value = await parts.server.ask('kvlens.get', { ...space, key });
        size += value?.size ?? 0;
        if (refs.length > MOST || size > MOST_BYTES) {
            throw new NothingThere(
                t('This is more than {0} keys or {1}. Export the namespace instead.',
                    MOST.toLocaleString('en'), format.size(MOST_BYTES)),
            );
        }
        if (value) {
            found.push({ key, value });
        }
    }
    return found;
}

async function copy(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text);
}

/** A word for a POSIX shell. */
function quoted(word: string): string {
    return /^[\w./:@-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
