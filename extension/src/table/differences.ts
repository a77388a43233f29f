/** The unsaved changes of a table, as two texts that VS Code compares. */

import * as vscode from 'vscode';
import type { Server } from '../server';
import type { TableDocument } from './document';
import { oneLine } from '../visible';
import type { Content } from './messages';

export const SCHEME = 'kvlens-changes';

/** Provides both texts. */
export class Differences implements vscode.TextDocumentContentProvider, vscode.Disposable {
    private readonly texts = new Map<string, string>();
    private readonly changed = new vscode.EventEmitter<vscode.Uri>();
    private readonly registered: vscode.Disposable;

    readonly onDidChange = this.changed.event;

    constructor(private readonly server: Server) {
        this.registered = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
    }

    dispose(): void {
        this.registered.dispose();
        this.changed.dispose();
    }

    provideTextDocumentContent(uri: vscode.Uri): string {
        return this.texts.get(uri.toString()) ?? '';
    }

    /** Compare what is stored now with what would be saved. */
    async show(document: TableDocument): Promise<void> {
        const { staged, namespace } = document;
        const keys = staged.keys();
        const query = { ...namespace, keys, values: 1024 * 1024 };
        const { contents } = await this.server.ask('kvlens.contents', query);
        const now = contents.flatMap((one): Content[] =>
            one.version
                ? [
                      {
                          name: one.key,
                          value: one.base64 === undefined ? { text: one.text } : { base64: one.base64 },
                          metadata: one.metadataText ?? null,
                          expiration: one.expiration ?? null,
                      },
                  ]
                : [],
        );
        const stored = new Map(now.map((content) => [content.name, content]));
        const wanted = staged.differences().flatMap(({ stored: before, now: after }) =>
            after
                ? [{ ...(stored.get(before?.name ?? after.name) ?? {}), ...defined(after) } as Content]
                : [],
        );
        const place = (side: string): vscode.Uri =>
            vscode.Uri.from({
                scheme: SCHEME,
                path: `/${namespace.binding}.${side}.txt`,
                query: document.uri.query,
            });
        const title = vscode.l10n.t('{0}: stored ↔ changed', namespace.binding);
        await this.compare(title, [place('stored'), now], [place('changed'), wanted]);
    }

    /** Compare the keys of two addresses, which replace what the addresses had. */
    async compare(
        title: string,
        left: [vscode.Uri, Content[]],
        right: [vscode.Uri, Content[]],
        options?: vscode.TextDocumentShowOptions,
    ): Promise<void> {
        const [one, other] = [this.keep(...left), this.keep(...right)];
        await vscode.commands.executeCommand('vscode.diff', one, other, oneLine(title), options);
    }

    private keep(uri: vscode.Uri, contents: Content[]): vscode.Uri {
        const sorted = [...contents].sort((a, b) => (a.name < b.name ? -1 : 1));
        this.texts.set(uri.toString(), sorted.map(textOf).join('\n'));
        this.changed.fire(uri);
        return uri;
    }
}

function defined(content: Content): Partial<Content> {
    return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}

function textOf({ name, value, metadata, expiration }: Content): string {
    const lines = [`key ${JSON.stringify(name)}`];
    if (metadata) {
        lines.push(`  metadata ${metadata}`);
    }
    if (expiration) {
        lines.push(`  expires ${new Date(expiration * 1000).toISOString()}`);
    }
    const body = value?.text ?? (value?.base64 === undefined ? '' : `base64 ${value.base64}`);
    return [...lines, ...body.split('\n').map((line) => `  ${line}`), ''].join('\n');
}
