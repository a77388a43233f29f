/** The running Workers of the projects: their state in the status bar, their output in a panel. */

import * as vscode from 'vscode';
import type { Output, Status } from './protocol';
import { pick } from './messages';
import { Dismissed, NothingThere } from './prompts';
import type { Server } from './server';

const { t } = vscode.l10n;

/** Follows the Workers that were started from this window. */
export class Workers implements vscode.Disposable {
    private readonly running = new Map<string, Status>();
    private readonly item = vscode.window.createStatusBarItem(
        'kvlens.worker',
        vscode.StatusBarAlignment.Left,
        -1,
    );
    private readonly subscriptions: vscode.Disposable[];

    /** The output of the Workers. */
    readonly output = vscode.window.createOutputChannel('KV Lens Worker');

    constructor(server: Server) {
        this.item.name = t('KV Lens: Worker');
        this.item.command = 'kvlens.workerMenu';
        this.subscriptions = [
            this.item,
            this.output,
            server.onWorker((status) => this.became(status)),
            server.onOutput((output) => this.said(output)),
            server.onState((state) => {
                if (state !== 'running') {
                    this.running.clear();
                    this.update();
                }
            }),
        ];
    }

    dispose(): void {
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    /** Return the config of a Worker: the given one, the only one, or the chosen one. */
    async pick(config: string | undefined, title: string): Promise<string> {
        const configs = [...this.running.keys()];
        if (!configs.length) {
            throw new NothingThere(t('No Worker is running. To start one, use "KV Lens: Run Worker".'));
        }
        if (config && configs.includes(config)) {
            return config;
        }
        if (configs.length === 1) {
            return configs[0];
        }
        const items = configs.map((one) => ({
            label: vscode.workspace.asRelativePath(vscode.Uri.parse(one)),
            config: one,
        }));
        const chosen = await pick(items, { title });
        if (!chosen) {
            throw new Dismissed();
        }
        return chosen.config;
    }

    /** Return the address of a running Worker. */
    urlOf(config: string): string {
        return this.running.get(config)?.url ?? '';
    }

    private became(status: Status): void {
        if (status.state === 'running' || status.state === 'starting') {
            this.running.set(status.config, status);
        } else {
            this.running.delete(status.config);
        }
        this.update();
    }

    private update(): void {
        const [first, ...others] = [...this.running.values()];
        void vscode.commands.executeCommand('setContext', 'kvlens.worker', first !== undefined);
        if (!first) {
            this.item.hide();
            return;
        }
        this.item.text = first.url
            ? `$(play) ${t('Worker {0}', new URL(first.url).host)}`
            : `$(sync~spin) ${t('Worker')}`;
        if (others.length) {
            this.item.text = `$(play) ${t('{0} Workers', others.length + 1)}`;
        }
        this.item.tooltip = t('Open, stop or watch the Worker');
        this.item.show();
    }

    private said(output: Output): void {
        const message = output.message ?? output.event;
        const time = new Date().toLocaleTimeString();
        const level = output.level && output.level !== 'log' ? ` [${output.level}]` : '';
        const place = [output.file, output.line, output.column].filter(Boolean).join(':');
        const known = place && !message.includes(place);
        this.output.appendLine(`${time}${level} ${message}${known ? ` (${place})` : ''}`);
    }
}
