/** What is dropped on a namespace or a folder: keys of another namespace, or files. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { nameOf } from './address';
import { CHANGED } from './askAgain';
import { type Parts, where } from './command';
import { bodyOf } from './contents';
import * as format from './format';
import { bySpace, type KeyRef, keysUnder, refOf } from './keys';
import { brief, fail } from './messages';
import type { NamespaceRef } from './model';
import * as prompts from './prompts';
import { namespaceOf, type Node } from './tree/nodes';
import { keyProblem } from './validate';

const ROWS = 'application/vnd.code.tree.kvlens.namespaces';
const URIS = 'text/uri-list';
const FILES = 'files';
const MOST_FILES = 10_000;
const MOST_BYTES = 50 * 1024 * 1024; // of all files

/** A file to put, with its key. */
interface Dropped {
    key: string;
    read(): Thenable<Uint8Array>;
}

/** Copies dragged keys to other namespaces, and puts dropped files as keys. */
export class Drops implements vscode.TreeDragAndDropController<Node> {
    readonly dragMimeTypes = [ROWS];
    readonly dropMimeTypes = [ROWS, URIS, FILES];

    /** The parts are complete once the view exists. */
    constructor(private readonly parts: () => Parts) {}

    handleDrag(nodes: readonly Node[], data: vscode.DataTransfer): void {
        const dragged = nodes.filter(({ kind }) => kind === 'key' || kind === 'folder');
        if (dragged.length) {
            data.set(ROWS, new vscode.DataTransferItem(dragged));
        }
    }

    async handleDrop(target: Node | undefined, data: vscode.DataTransfer): Promise<void> {
        const space = namespaceOf(target);
        if (!space || !vscode.workspace.isTrusted) {
            return;
        }
        try {
            const rows = data.get(ROWS)?.value as Node[] | undefined;
            if (Array.isArray(rows) && rows.length) {
                await this.copyKeys(space, rows);
            } else {
                await this.putFiles(space, target?.kind === 'folder' ? target.prefix : '', data);
            }
        } catch (error) {
            if (!(error instanceof prompts.Dismissed)) {
                void fail(`KV Lens: ${format.reason(error)}`);
            }
        }
    }

    /** Copy keys to another namespace of their project, after a question. */
    private async copyKeys(space: NamespaceRef, rows: Node[]): Promise<void> {
        const { t } = vscode.l10n;
        const { server } = this.parts();
        const refs: KeyRef[] = [];
        for (const row of rows) {
            refs.push(...(row.kind === 'key' ? [refOf(row)] : await keysUnder(this.parts(), row)));
        }
        const groups = bySpace(refs).filter(
            (group) => group.space.id !== space.id || group.space.config !== space.config,
        );
        if (groups.some((group) => group.space.config !== space.config)) {
            throw new Error(
                t('Keys can only be copied within a project. Export them, and seed the other one.'),
            );
        }
        for (const { space: from, keys } of groups) {
            const what = keys.length === 1 ? format.some(keys) : format.count(keys.length, 'key');
            const question = t('Copy {0} to {1}?', what, nameOf(space));
            const detail = t('From {0} to {1}, with metadata and expiration.', nameOf(from), where(this.parts(), space));
            await prompts.confirm(question, detail, t('Copy'));
            const request = { ...space, from: from.id, keys };
            let done = await server.ask('kvlens.copyKeys', request);
            for (let again: string[] = []; done.digest; again = CHANGED) {
                const { conflicts, named, digest } = done;
                const lines = [t('{0}. Nothing has been copied yet.', format.some(named, 5, conflicts))];
                const rest = t('Copy the Others');
                const existing = await prompts.existing(space, [...lines, ...again], conflicts, rest);
                const answer = { ...request, existing, expected: digest };
                done = await server.ask('kvlens.copyKeys', answer);
            }
            brief(t('Copied {0} to {1}', format.count(done.copied, 'key'), nameOf(space)));
        }
    }

    /** Put dropped files, with their paths as keys, after a question. */
    private async putFiles(space: NamespaceRef, prefix: string, data: vscode.DataTransfer): Promise<void> {
        const { t } = vscode.l10n;
        const { server } = this.parts();
        const dropped = await filesOf(data, prefix);
        if (!dropped.length) {
            return;
        }
        const wrong = dropped.find(({ key }) => keyProblem(key));
        if (wrong) {
            throw new Error(t('{0} can\'t be a key. {1}', format.some([wrong.key]), keyProblem(wrong.key) ?? ''));
        }
        const items: object[] = [];
        let size = 0;
        for (const { key, read } of dropped) {
            const bytes = await read();
            size += bytes.length;
            if (size > MOST_BYTES) {
                throw new Error(t('These files have more than {0}. Drop fewer.', format.size(MOST_BYTES)));
            }
            const body = bodyOf(bytes);
            items.push('text' in body ? { key, value: body.text } : { key, value: body.base64, base64: true });
        }
        const keys = dropped.map(({ key }) => key);
        const what = format.count(keys.length, 'file');
        const lines = [t('{0}, {1}, as {2}', what, format.size(size), format.some(keys)), where(this.parts(), space)];
        await prompts.confirm(t('Put {0} into {1}?', what, nameOf(space)), lines, t('Put'));
        const request = { ...space, items };
        let done = await server.ask('kvlens.seed', { ...request, existing: 'refuse' });
        for (let again: string[] = []; done.conflicts; again = CHANGED) {
            const { conflicts, keys: named = [], digest } = done;
            const lines = [t('{0}. Nothing has been written yet.', format.some(named, 5, conflicts))];
            const rest = t('Put the Others');
            const existing = await prompts.existing(space, [...lines, ...again], conflicts, rest);
            done = await server.ask('kvlens.seed', { ...request, existing, expected: digest });
        }
        brief(t('Put {0} into {1}', format.count(done.written, 'key'), nameOf(space)));
    }
}

/** Return the dropped files; those of a folder have their path in it, with its name. */
async function filesOf(data: vscode.DataTransfer, prefix: string): Promise<Dropped[]> {
    const list = (await data.get(URIS)?.asString()) ?? '';
    const uris = list.split(/\r?\n/).filter((line) => line && !line.startsWith('#'));
    const found: Dropped[] = [];
    for (const uri of uris.map((line) => vscode.Uri.parse(line))) {
        await collect(uri, prefix + path.posix.basename(uri.path), found);
    }
    if (uris.length) {
        return found;
    }
    for (const [, item] of data) {
        const file = item.asFile();
        if (file) {
            found.push({ key: prefix + file.name, read: () => file.data() });
        }
    }
    return found;
}

/** Add the files at a path; links are left out, as they may lead anywhere. */
async function collect(uri: vscode.Uri, key: string, found: Dropped[]): Promise<void> {
    const { type } = await vscode.workspace.fs.stat(uri);
    if (found.length >= MOST_FILES) {
        const most = MOST_FILES.toLocaleString('en');
        throw new Error(vscode.l10n.t('There are more than {0} files. Drop fewer.', most));
    }
    if (type & vscode.FileType.SymbolicLink) {
        return;
    }
    if (type & vscode.FileType.File) {
        found.push({ key, read: () => vscode.workspace.fs.readFile(uri) });
    } else if (type & vscode.FileType.Directory) {
        for (const [name] of await vscode.workspace.fs.readDirectory(uri)) {
            await collect(vscode.Uri.joinPath(uri, name), `${key}/${name}`, found);
        }
    }
}
