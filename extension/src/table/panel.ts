/** A tab with a table: it answers what its webview asks for. */

import * as vscode from 'vscode';
import { filterTokens, KINDS } from '../filterTokens';
import * as format from '../format';
import { dialog, input } from '../messages';
import type { Model, NamespaceRef } from '../model';
import type { Changed } from '../protocol';
import type { Server } from '../server';
import { detailsOf } from './details';
import { RefusedError, type TableDocument } from './document';
import type { FromView, Layout, RowAction, ToView } from './messages';
import { showPage } from './page';
import { placeOf } from './place';
import { copyRows, jump, showValue } from './rowActions';
import { View } from './view';

const LAYOUT = 'kvlens.table.layout';
const NO_LAYOUT: Layout = { columns: [], filters: {}, details: 36 };

/** The open tabs. */
const open = new Set<TablePanel>();

/** Do something with the current row of the active table, or with those selected with it. */
export function act(what: RowAction): void {
    [...open].find((table) => table.isActive)?.act(what);
}

/** One open tab. */
export class TablePanel {
    private readonly view: View;
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
        this.view = new View(server, document.namespace);
        showPage(webview, context.extensionUri, 'table');
        this.subscriptions = [
            webview.onDidReceiveMessage((message: FromView) => void this.handle(message)),
            document.onDidChange(({ changed, removed }) =>
                this.send({ type: 'staged', changed, removed, count: document.staged.count }),
            ),
            server.onView((state) => {
                if (this.view.is(state.view)) {
                    this.send({ type: 'progress', state });
                }
            }),
            server.onState((state) => {
                if (state === 'running') {
                    this.view.forget(); // a new server doesn't know it
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
            void this.view.close();
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
                return this.view.close();
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
                return showValue(this.server, document, message.row, message.what);
            case 'jump':
                return jump(document, message.row, message.before);
            case 'copy':
                return copyRows(this.server, document, message.rows, message.what);
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
        const result = await this.view.open(asked);
        if (result) {
            this.send({ type: 'opened', seq: asked.seq, result });
        }
    }

    private async rows(asked: Extract<FromView, { type: 'rows' }>): Promise<void> {
        const page = await this.view.rows(asked);
        if (page) {
            const { seq, offset } = asked;
            this.send({ type: 'rows', seq, offset, rows: page.rows, matched: page.matched });
        }
    }

    private async names(asked: Extract<FromView, { type: 'names' }>): Promise<void> {
        this.send({ type: 'names', seq: asked.seq, names: await this.view.names(asked) });
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
        const { keys, matched } = await this.view.keys();
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

    private async details({ seq, row, start = 0 }: Extract<FromView, { type: 'details' }>): Promise<void> {
        const { readOnly } = this.document;
        const details = await detailsOf(this.server, this.document, row, start);
        if (this.document.readOnly !== readOnly) {
            this.send({ type: 'place', place: placeOf(this.model, this.document) });
        }
        this.send({ type: 'details', seq, details });
    }
}

function isAbout(changes: Changed[], { config, id }: NamespaceRef): boolean {
    return !changes.length || changes.some((one) => !one.config || (one.config === config && (!one.id || one.id === id)));
}
