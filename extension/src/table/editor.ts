/** The table of a namespace: a custom editor, with undo, save, revert and hot exit. */

import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import { tableOf, uriOf } from '../address';
import { inShort } from '../clockStatus';
import { bytesOf } from '../contents';
import { formsOf } from '../decode';
import { parseExact } from '../exactJson';
import { filterTokens, KINDS } from '../filterTokens';
import * as format from '../format';
import { dialog, input, warn } from '../messages';
import { type Model, type NamespaceRef, placeOf as storeOf, whereIs } from '../model';
import { open as openValue } from '../openValue';
import type { Changed, Project, ViewOpenResult } from '../protocol';
import type { Server } from '../server';
import { PART, read } from '../values';
import type { Differences } from './differences';
import { RefusedError, TableDocument } from './document';
import type { Details, FromView, Layout, Place, RowAction, RowRef, ToView } from './messages';
import { showPage } from './page';
import type { Backup } from './staged';

export const VIEW_TYPE = 'kvlens.table';

const SLOW = 5000; // changes: saving them may take seconds

const LAYOUT = 'kvlens.table.layout';
const NO_LAYOUT: Layout = { columns: [], filters: {}, details: 36 };

/** Opens tables, and carries out what they ask for. */
export class Tables implements vscode.CustomEditorProvider<TableDocument> {
    private readonly edited = new vscode.EventEmitter<
        vscode.CustomDocumentContentChangeEvent<TableDocument>
    >();
    readonly onDidChangeCustomDocument = this.edited.event;

    constructor(
        private readonly context: vscode.ExtensionContext,
        private readonly server: Server,
        private readonly model: Model,
        private readonly differences: Differences,
    ) {}

    /** Register the editor. */
    register(): vscode.Disposable {
        const options = {
            webviewOptions: { retainContextWhenHidden: true },
            supportsMultipleEditorsPerDocument: false,
        };
        return vscode.Disposable.from(
            vscode.window.registerCustomEditorProvider(VIEW_TYPE, this, options),
            this.edited,
        );
    }

    async openCustomDocument(uri: vscode.Uri): Promise<TableDocument> {
        const backup = await this.readBackup(uri);
        const document = new TableDocument(uri, this.server, backup);
        document.onDidEdit((edit) => {
            const event: vscode.CustomDocumentEditEvent<TableDocument> = { document, ...edit };
            this.edited.fire(event);
            if (edit.seemsSaved) {
                this.edited.fire({ document });
            }
        });
        if (backup?.items.length) {
            // VS Code restores no undo, and doesn't know of changes if the window ended too early
            setTimeout(() => document.recover());
        }
        return document;
    }

    resolveCustomEditor(document: TableDocument, panel: vscode.WebviewPanel): void {
        new Table(this.context, this.server, this.model, document, panel, () =>
            this.differences.show(document),
        );
    }

    async saveCustomDocument(document: TableDocument): Promise<void> {
        await document.idle(); // edits that are being made count
        const place = placeOf(this.model, document);
        if (place.readOnly) {
            throw new Error(vscode.l10n.t('This store takes no changes. Nothing was saved.'));
        }
        if (place.remote && document.staged.count) {
            await confirmRemote(place, document.staged.count);
        }
        const save = (): Promise<void> => document.save(place.where, () => this.differences.show(document));
        const count = document.staged.count;
        await (count > SLOW ? withProgress(vscode.l10n.t('Saving {0}', format.count(count, 'change')), save) : save());
        await this.deleteBackup(document.uri);
        void this.model.refresh([{ config: document.namespace.config, id: document.namespace.id }]);
    }

    saveCustomDocumentAs(): Promise<void> {
        throw new Error(
            vscode.l10n.t('A table is saved in its store. "KV Lens: Export Namespace…" writes a file.'),
        );
    }

    async revertCustomDocument(document: TableDocument): Promise<void> {
        await document.revert();
        await this.deleteBackup(document.uri);
    }

    async backupCustomDocument(document: TableDocument): Promise<vscode.CustomDocumentBackup> {
        const { uri } = document;
        const place = this.backupOf(uri);
        const text = JSON.stringify(document.staged.backup());
        await vscode.workspace.fs.writeFile(place, Buffer.from(text));
        return { id: place.toString(), delete: () => void this.deleteBackup(uri) };
    }

    /** The file that keeps a table's changes: always the same, so that it is found again. */
    private backupOf(uri: vscode.Uri): vscode.Uri {
        const { storageUri, globalStorageUri } = this.context;
        const folder = storageUri ?? globalStorageUri;
        const name = createHash('sha256').update(uri.query).digest('hex').slice(0, 32);
        return vscode.Uri.joinPath(folder, 'tables', `${name}.json`);
    }

    private async readBackup(uri: vscode.Uri): Promise<Backup | undefined> {
        try {
            const bytes = await vscode.workspace.fs.readFile(this.backupOf(uri));
            return JSON.parse(Buffer.from(bytes).toString()) as Backup;
        } catch {
            return undefined; // there is none
        }
    }

    private async deleteBackup(uri: vscode.Uri): Promise<void> {
        try {
            await vscode.workspace.fs.delete(this.backupOf(uri));
        } catch {
            // there is none
        }
    }
}

async function confirmRemote(place: Place, count: number): Promise<void> {
    const write = vscode.l10n.t('Write');
    const text = vscode.l10n.t('Write {0} to the {1} store?', format.count(count, 'change'), place.word);
    const answer = await dialog(text, [place.where], write);
    if (answer !== write) {
        throw new vscode.CancellationError();
    }
}

function withProgress<T>(title: string, work: () => Promise<T>): Thenable<T> {
    return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, work);
}

function isAbout(changes: Changed[], { config, id }: NamespaceRef): boolean {
    return !changes.length || changes.some((one) => !one.config || (one.config === config && (!one.id || one.id === id)));
}

function placeOf(model: Model, { namespace, key, readOnly }: TableDocument): Place {
    const project = model.projects.find((one) => one.config === namespace.config);
    return {
        title: key ?? namespace.binding,
        namespace,
        where: whereIs(namespace, project),
        word: project ? storeOf(project).word : '',
        remote: /^(cloudflare|rediss?|rediss?\+cluster):/.test(project?.store ?? ''),
        readOnly,
        ...(project && isGone(project, namespace) ? { gone: project.label } : {}),
        ...(project?.clock ? { clock: project.clock, moved: inShort(project.clock) } : {}),
    };
}

/** Whether a config that can be read no longer declares a namespace. */
function isGone({ namespaces, problem }: Project, { id }: NamespaceRef): boolean {
    return !problem && namespaces.length > 0 && namespaces.every((one) => one.id !== id);
}

/** The open tabs. */
const open = new Set<Table>();

/** Do something with the current row of the active table, or with those selected with it. */
export function act(what: RowAction): void {
    [...open].find((table) => table.isActive)?.act(what);
}

/** One open tab. */
class Table {
    private view = '';
    private opening = 0;
    private readonly subscriptions: vscode.Disposable[];

    constructor(
        private readonly context: vscode.ExtensionContext,
        private readonly server: Server,
        private readonly model: Model,
        private readonly document: TableDocument,
        private readonly panel: vscode.WebviewPanel,
        private readonly preview: () => Thenable<unknown>,
    ) {
        const { webview } = panel;
        showPage(webview, context.extensionUri, 'table');
        this.subscriptions = [
            webview.onDidReceiveMessage((message: FromView) => void this.handle(message)),
            document.onDidChange(({ changed, removed }) =>
                this.send({ type: 'staged', changed, removed, count: document.staged.count }),
            ),
            server.onView((state) => {
                if (state.view === this.view) {
                    this.send({ type: 'progress', state });
                }
            }),
            server.onState((state) => {
                if (state === 'running') {
                    this.view = ''; // a new server doesn't know it
                    this.send({ type: 'reopen' });
                }
            }),
            model.onDidChange((changes) => {
                this.send({ type: 'place', place: placeOf(model, document) });
                if (document.key !== undefined && isAbout(changes, document.namespace)) {
                    this.send({ type: 'reopen' });
                }
            }),
        ];
        open.add(this);
        panel.onDidDispose(() => {
            open.delete(this);
            vscode.Disposable.from(...this.subscriptions).dispose();
            void this.close();
        });
    }

    get isActive(): boolean {
        return this.panel.active;
    }

    act(what: RowAction): void {
        this.send({ type: 'act', what });
    }

    private send(message: ToView): void {
        void this.panel.webview.postMessage(message);
    }

    private async handle(message: FromView): Promise<void> {
        try {
            await this.answer(message);
        } catch (error) {
            if (error instanceof vscode.CancellationError) {
                return;
            }
            const isReading = ['open', 'rows', 'details', 'names'].includes(message.type);
            this.send({ type: 'error', text: format.reason(error), isReading });
        }
    }

    private async answer(message: FromView): Promise<void> {
        const { document } = this;
        switch (message.type) {
            case 'ready':
                return this.start();
            case 'open':
                return this.open(message);
            case 'cancel':
                return this.close();
            case 'rows':
                return this.rows(message);
            case 'names':
                return this.names(message);
            case 'details':
                return this.details(message);
            case 'begin':
                return document.hold(message.row);
            case 'edit':
                return this.edit(message);
            case 'add':
                return document.add(message.contents);
            case 'duplicate':
                return document.duplicate(message.row);
            case 'delete':
                return document.remove(message.rows);
            case 'deleteMatches':
                return this.deleteMatches();
            case 'restore':
                return document.takeBack(message.rows);
            case 'layout':
                return void this.context.globalState.update(LAYOUT, message.layout);
            case 'saveFilter':
                return this.saveFilter(message.filter);
            case 'run':
                return this.run(message.what);
            case 'value':
                return this.value(message.row, message.what);
            case 'jump':
                return this.jump(message.row, message.before);
            case 'copy':
                return this.copy(message.rows, message.what);
        }
    }

    private async start(): Promise<void> {
        await this.model.ready();
        const tokens = [
            ...filterTokens(),
            ...KINDS.map((kind) => ({ insert: `type:${kind}`, example: `type:${kind}`, about: '' })),
        ];
        const place = placeOf(this.model, this.document);
        this.send({
            type: 'start',
            place,
            ...(this.document.key === undefined ? {} : { only: { key: this.document.key } }),
            layout: this.layout(),
            tokens,
            strings: (vscode.l10n.bundle ?? {}) as Record<string, string>,
        });
        const changed = this.document.staged.rows();
        this.send({ type: 'staged', changed, removed: [], count: changed.length });
    }

    private layout(): Layout {
        return { ...NO_LAYOUT, ...this.context.globalState.get<Layout>(LAYOUT) };
    }

    private async open(asked: Extract<FromView, { type: 'open' }>): Promise<void> {
        const { seq, filter, sort, descending } = asked;
        this.opening = seq;
        const before = this.view;
        const query = { ...this.document.namespace, filter, sort, descending };
        const result: ViewOpenResult = await this.server.ask('kvlens.viewOpen', query);
        if (this.opening !== seq) {
            await this.closeView(result.view);
            return;
        }
        if (result.view) {
            this.view = result.view;
            await this.closeView(before);
        }
        this.send({ type: 'opened', seq, result });
    }

    private async close(): Promise<void> {
        const { view } = this;
        this.view = '';
        await this.closeView(view);
    }

    private async closeView(view: string): Promise<void> {
        if (view) {
            await this.server.ask('kvlens.viewClose', { view }).catch(() => undefined);
        }
    }

    private async rows({ seq, offset, limit }: Extract<FromView, { type: 'rows' }>): Promise<void> {
        const { view } = this;
        if (view) {
            const page = await this.server.ask('kvlens.viewRows', { view, offset, limit });
            this.send({ type: 'rows', seq, offset, rows: page.rows, matched: page.matched });
        }
    }

    private async names({
        seq,
        offset,
        limit,
    }: Extract<FromView, { type: 'names' }>): Promise<void> {
        const names: string[] = [];
        const { view } = this;
        while (view && names.length < limit) {
            const step = Math.min(1000, limit - names.length);
            const query = { view, offset: offset + names.length, limit: step };
            const { rows } = await this.server.ask('kvlens.viewRows', query);
            names.push(...rows.map(({ name }) => name));
            if (rows.length < step) {
                break;
            }
        }
        this.send({ type: 'names', seq, names });
    }

    private async edit({ row, change, column }: Extract<FromView, { type: 'edit' }>): Promise<void> {
        try {
            await this.document.edit(row, change);
        } catch (error) {
            if (!(error instanceof RefusedError) || column === undefined) {
                throw error;
            }
            const text = change.name ?? change.metadata ?? '';
            this.send({ type: 'refused', row, column, text, problem: error.message });
        }
    }

    private async deleteMatches(): Promise<void> {
        const { keys, matched } = await this.server.ask('kvlens.viewKeys', { view: this.view });
        const remove = vscode.l10n.t('Delete');
        const lines = [
            placeOf(this.model, this.document).where,
            vscode.l10n.t('They are deleted when you save the table.'),
        ];
        if (keys.length < matched) {
            lines.push(
                vscode.l10n.t(
                    '{0} match the filter; the first {1} are deleted.',
                    format.count(matched, 'key'),
                    keys.length.toLocaleString('en'),
                ),
            );
        }
        const text = vscode.l10n.t('Delete {0}?', format.count(keys.length, 'key'));
        const answer = await dialog(text, lines, remove);
        if (answer === remove) {
            await this.document.remove(keys.map((key) => ({ key })));
        }
    }

    private async saveFilter(filter: string): Promise<void> {
        const name = await input({
            title: vscode.l10n.t('Save Filter'),
            prompt: vscode.l10n.t('A name for the filter {0}', filter),
        });
        if (name) {
            const layout = this.layout();
            layout.filters = { ...layout.filters, [name]: filter };
            await this.context.globalState.update(LAYOUT, layout);
            await this.start();
        }
    }

    private async run(what: Extract<FromView, { type: 'run' }>['what']): Promise<void> {
        const commands = {
            save: 'workbench.action.files.save',
            revert: 'workbench.action.files.revert',
            seed: 'kvlens.seed',
            compare: 'kvlens.compareNamespace',
        };
        await this.document.idle();
        if (what === 'preview') {
            await this.preview();
        } else {
            const isOurs = what === 'seed' || what === 'compare';
            const argument = isOurs ? [this.document.namespace] : [];
            await vscode.commands.executeCommand(commands[what], ...argument);
        }
    }

    private keyOf(row: RowRef): string {
        if ('key' in row) {
            return row.key;
        }
        const stored = this.document.staged.idOf(row) && this.document.staged.storedOf(row.id);
        if (!stored) {
            throw new Error(vscode.l10n.t('Save the table first: the key is not in the store yet.'));
        }
        return stored.name;
    }

    private async value(row: RowRef, what: 'open' | 'saveAs' | 'details'): Promise<void> {
        const key = this.keyOf(row);
        const { namespace } = this.document;
        if (what === 'details') {
            await vscode.commands.executeCommand('vscode.openWith', tableOf(namespace, key), VIEW_TYPE);
            return;
        }
        if (what === 'open') {
            await openValue({ server: this.server }, namespace, key);
            return;
        }
        const value = await read(this.server, namespace, key);
        const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
        const name = uriOf(namespace, key).path.split('/').at(-1) ?? 'value';
        const target =
            value &&
            (await vscode.window.showSaveDialog({
                title: vscode.l10n.t('Save Value'),
                ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}),
            }));
        if (target) {
            await vscode.workspace.fs.writeFile(target, value.bytes);
        }
    }

    /** Jump to just before or after a key expires. */
    private async jump(row: RowRef, before: boolean): Promise<void> {
        const uri = uriOf(this.document.namespace, this.keyOf(row));
        const command = before ? 'kvlens.clockJumpBefore' : 'kvlens.clockJumpAfter';
        await vscode.commands.executeCommand(command, uri);
    }

    private async copy(rows: RowRef[], what: 'keys' | 'rows'): Promise<void> {
        const keys = rows.map((row) => this.keyOf(row));
        if (what === 'keys') {
            await vscode.env.clipboard.writeText(keys.join('\n'));
            return;
        }
        const query = { ...this.document.namespace, keys, values: 16 * PART };
        const { contents } = await this.server.ask('kvlens.contents', query);
        const items = contents.map(({ key, text, base64, metadataText, expiration }) => ({
            key,
            value: text ?? base64,
            ...(base64 === undefined ? {} : { base64: true }),
            ...(metadataText === undefined ? {} : { metadata: parsed(metadataText) }),
            ...(expiration === undefined ? {} : { expiration }),
        }));
        if (contents.some(({ text, base64 }) => text === undefined && base64 === undefined)) {
            void warn(vscode.l10n.t('Values over 16 MiB in total were left out.'));
        }
        await vscode.env.clipboard.writeText(JSON.stringify(items, null, 2));
    }

    private async details({
        seq,
        row,
        start = 0,
    }: Extract<FromView, { type: 'details' }>): Promise<void> {
        this.send({ type: 'details', seq, details: await this.detailsOf(row, start) });
    }

    private async detailsOf(row: RowRef, start: number): Promise<Details | null> {
        const { staged, namespace } = this.document;
        const id = staged.idOf(row);
        const isStaged = id !== undefined && staged.isChanged(id);
        const content = isStaged ? staged.contentOf(id) : undefined; // else as in the store now
        const key = 'key' in row ? row.key : id && staged.storedOf(id)?.name;
        const value =
            content?.value || key === undefined
                ? null
                : await this.server.ask('kvlens.get', { ...namespace, key, start, limit: PART });
        if (!value && !content?.value) {
            return null;
        }
        if (value && (value.readOnly ?? false) !== this.document.readOnly) {
            this.document.readOnly = value.readOnly ?? false;
            this.send({ type: 'place', place: placeOf(this.model, this.document) });
        }
        const bytes = bytesOf(value ?? { ...content?.value, size: 0, digest: '', store: '', declared: true });
        return {
            row,
            name: content?.name ?? key ?? '',
            size: value?.size ?? bytes.length,
            start: value?.start ?? 0,
            end: value?.end ?? bytes.length,
            forms: formsOf(bytes, {
                kind: value?.type ?? '',
                isPart: start > 0 || value?.truncated === true,
            }),
            metadata: (content ? content.metadata : value?.metadataText) ?? null,
            expiration: (content ? content.expiration : value?.expiration) ?? null,
            staged: isStaged,
        };
    }
}

function parsed(text: string): unknown {
    try {
        return parseExact(text);
    } catch {
        return text;
    }
}
