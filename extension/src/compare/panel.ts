/** A tab that compares a namespace with another one, and copies keys between them. */

import * as vscode from 'vscode';
import { filterTokens } from '../filterTokens';
import * as format from '../format';
import { styleOf, withLines } from '../jsonStyle';
import { dialog, warn } from '../messages';
import type { Model, NamespaceRef } from '../model';
import type { CompareOpenParameters, CompareOpenResult, ComparedContent, ComparisonSide } from '../protocol';
import type { Server } from '../server';
import { type Differences, SCHEME } from '../table/differences';
import type { Content } from '../table/messages';
import { showPage } from '../table/page';
import { offerUndoBy } from '../undo';
import { distinct, label, notice, oneLine } from '../visible';
import type { FromComparison, Planned, ShownSide, ToComparison, Which } from './messages';

export type Other = CompareOpenParameters['right'];

const { t } = vscode.l10n;

/** Opens comparisons. */
export class Comparisons {
    private opened = 0;

    constructor(
        private readonly context: vscode.ExtensionContext,
        private readonly server: Server,
        private readonly model: Model,
        private readonly differences: Differences,
    ) {}

    /** Compare a namespace with another one in a new tab. */
    async open(space: NamespaceRef, other: Other): Promise<void> {
        const found = await openIt(this.server, space, other);
        this.opened += 1;
        const panel = vscode.window.createWebviewPanel(
            'kvlens.comparison',
            label(`${found.name}: ${found.left.title} ↔ ${found.right.title}`),
            vscode.ViewColumn.Active,
            { retainContextWhenHidden: true },
        );
        showPage(panel.webview, this.context.extensionUri, 'compare');
        new Comparison(this.server, this.model, this.differences, panel, this.opened, { space, other, found });
    }
}

interface Opened {
    space: NamespaceRef;
    other: Other;
    found: CompareOpenResult;
}

function openIt(server: Server, space: NamespaceRef, other: Other): Promise<CompareOpenResult> {
    return server.ask('kvlens.compareOpen', { ...space, right: other });
}

/** One open tab. */
class Comparison {
    private subscriptions: vscode.Disposable[];

    constructor(
        private readonly server: Server,
        private readonly model: Model,
        private readonly differences: Differences,
        private readonly panel: vscode.WebviewPanel,
        private readonly number: number,
        private readonly opened: Opened,
    ) {
        this.subscriptions = [
            panel.webview.onDidReceiveMessage((message: FromComparison) => void this.handle(message)),
            server.onComparison((state) => {
                if (state.comparison === this.opened.found.comparison) {
                    this.send({ type: 'state', state });
                }
            }),
            server.onState((state) => {
                if (state === 'running') {
                    void this.handle({ type: 'retry' }); // a new server doesn't know it
                }
            }),
        ];
        panel.onDidDispose(() => {
            vscode.Disposable.from(...this.subscriptions).dispose();
            const { comparison } = this.opened.found;
            server.ask('kvlens.compareClose', { comparison }).catch(() => undefined);
        });
    }

    private get id(): { comparison: string } {
        return { comparison: this.opened.found.comparison };
    }

    private send(message: ToComparison): void {
        void this.panel.webview.postMessage(message);
    }

    private async handle(message: FromComparison): Promise<void> {
        try {
            await this.answer(message);
        } catch (error) {
            const canRetry = ['show', 'rows', 'names', 'retry', 'refresh'].includes(message.type);
            this.send({ type: 'error', text: format.reason(error), canRetry });
        }
    }

    private async answer(message: FromComparison): Promise<void> {
        const { server, id } = this;
        switch (message.type) {
            case 'ready':
                return this.start();
            case 'show': {
                const { seq, filter, kinds } = message;
                const { problem, ...progress } = await server.ask('kvlens.compareShow', { ...id, filter, kinds });
                return this.send({ type: 'shown', seq, progress, problem });
            }
            case 'rows': {
                const { seq, offset, limit, planned } = message;
                const page = await server.ask('kvlens.compareRows', { ...id, offset, limit, planned });
                return this.send({ type: 'rows', seq, offset, rows: page.rows });
            }
            case 'names':
                return this.names(message);
            case 'plan':
                return this.plan(message);
            case 'copy':
                return this.copy(message.plan);
            case 'diff':
                return this.diff(message.key);
            case 'copyKeys':
                return void vscode.env.clipboard.writeText(message.keys.join('\n'));
            case 'refresh':
                return void (await server.ask('kvlens.compareRefresh', id));
            case 'cancel':
                return void (await server.ask('kvlens.compareRefresh', { ...id, cancel: true }));
            case 'retry':
                this.opened.found = await openIt(server, this.opened.space, this.opened.other);
                return this.start();
        }
    }

    private start(): void {
        const { name, left, right, ...progress } = this.opened.found;
        this.send({
            type: 'start',
            title: name,
            left: shown(left),
            right: shown(right),
            progress,
            tokens: filterTokens().filter(({ insert, example }) => isOfKeys(insert || example)),
            strings: (vscode.l10n.bundle ?? {}) as Record<string, string>,
        });
    }

    private async names({
        seq,
        offset,
        limit,
        planned,
    }: Extract<FromComparison, { type: 'rows' | 'names' }>): Promise<void> {
        const names: string[] = [];
        while (names.length < limit) {
            const step = Math.min(1000, limit - names.length);
            const query = { ...this.id, offset: offset + names.length, limit: step, planned };
            const { rows } = await this.server.ask('kvlens.compareRows', query);
            names.push(...rows.map(({ name }) => name));
            if (rows.length < step) {
                break;
            }
        }
        this.send({ type: 'names', seq, names });
    }

    private async plan({ to, keys, deletes }: Extract<FromComparison, { type: 'plan' }>): Promise<void> {
        const query = { ...this.id, to, deletes, ...(keys ? { keys } : {}) };
        const plan = await this.server.ask('kvlens.comparePlan', query);
        this.send({ type: 'planned', plan: { ...plan, to, keys, deletes } });
    }

    /** Copy what was planned; ask first if others see what is written. */
    private async copy(plan: Planned): Promise<void> {
        const side = this.opened.found[plan.to];
        const lines = countsOf(plan);
        if (side.place === 'shared' || side.place === 'remote') {
            const write = t('Write');
            const changes = format.count(plan.new + plan.overwritten + plan.deleted, 'change');
            const text = t('Write {0} to the {1} store?', changes, wordOf(side));
            if ((await dialog(text, [side.where, lines.join(', ')], write)) !== write) {
                return;
            }
        }
        this.send({ type: 'busy', busy: true });
        try {
            const done = await this.server.ask('kvlens.compareCopy', this.id);
            this.send({ type: 'planned', plan: null });
            if (done.changed.length) {
                const keys = format.some(done.changed, 5);
                void warn(t('Nothing was written: {0} changed since the comparison. Look at the differences again.', keys));
                return;
            }
            void this.model.refresh([{ config: this.opened.space.config }]);
            void this.offerUndo(plan.to, side, done);
        } catch (error) {
            this.send({ type: 'planned', plan: null });
            throw error;
        } finally {
            this.send({ type: 'busy', busy: false });
        }
    }

    private async offerUndo(
        to: Which,
        side: ComparisonSide,
        { written, deleted, action }: { written: number; deleted: number; action?: string },
    ): Promise<void> {
        const counts = [
            written ? t('copied {0}', format.count(written, 'key')) : '',
            deleted ? t('deleted {0}', format.count(deleted, 'key')) : '',
        ].filter(Boolean).join(', ');
        const text = t('{0}: {1}.', side.title, counts);
        const undo = action === undefined
            ? []
            : [() => this.server.ask('kvlens.compareUndo', { ...this.id, to, action })];
        await offerUndoBy(text, undo);
    }

    /** Show a key of both sides in VS Code's own comparison of texts. */
    private async diff(key: string): Promise<void> {
        const { left, right } = this.opened.found;
        const sides = await this.server.ask('kvlens.compareContents', { ...this.id, key });
        const place = (side: ComparisonSide, which: Which): vscode.Uri =>
            vscode.Uri.from({
                scheme: SCHEME,
                path: `/${notice(distinct(key)).replaceAll('/', '∕').slice(0, 80)} (${notice(side.title).replaceAll('/', '∕')})`,
                query: `${this.number}.${which}`,
            });
        await this.differences.compare(
            `${distinct(key)}: ${left.title} ↔ ${right.title}`,
            [place(left, 'left'), contentOf(key, sides.left)],
            [place(right, 'right'), contentOf(key, sides.right)],
            { preview: true, preserveFocus: true, viewColumn: vscode.ViewColumn.Beside },
        );
    }
}

/** Whether a filter's token is about keys. */
function isOfKeys(token: string): boolean {
    return !/^(ttl|size|type|meta|value|expires|has|-)/.test(token);
}

function shown(side: ComparisonSide): ShownSide {
    return { ...side, title: oneLine(side.title), where: oneLine(side.where), word: wordOf(side) };
}

function wordOf({ place }: ComparisonSide): string {
    const words = {
        local: t('local'),
        shared: t('shared'),
        remote: t('remote'),
        snapshot: t('snapshot'),
        file: t('file'),
    };
    return words[place];
}

function countsOf({ new: added, overwritten, deleted }: Planned): string[] {
    return [
        added ? t('{0} new', added) : '',
        overwritten ? t('{0} overwritten', overwritten) : '',
        deleted ? t('{0} deleted', deleted) : '',
    ].filter(Boolean);
}

function contentOf(key: string, side: ComparedContent | null): Content[] {
    if (!side) {
        return [];
    }
    const { text, base64, size = 0, digest, damaged, metadataText, expiration } = side;
    const style = text === undefined ? undefined : styleOf(text);
    const lines = text !== undefined && style ? withLines(text, style) : undefined;
    const rest = damaged
        ? t('(damaged: the value can\'t be read)')
        : t('({0}, SHA-256 {1})', format.size(size), digest ?? '');
    const value = base64 === undefined ? { text: lines ?? text ?? rest } : { base64 };
    return [{ name: key, value, metadata: metadataText ?? null, expiration: expiration ?? null }];
}
