/** The status bar item: the emulator's address and a menu of commands. */

import * as vscode from 'vscode';
import type { Model } from './model';
import type { Project } from './protocol';
import type { Server } from './server';
import { oneLine } from './visible';

const { t } = vscode.l10n;

const IDLE = t('No KV emulator is running. Open a namespace to start it.');

/** One item for all projects; a click opens a menu. */
export class Status implements vscode.Disposable {
    private readonly item = vscode.window.createStatusBarItem(
        'kvlens.status',
        vscode.StatusBarAlignment.Left,
        0,
    );
    private readonly subscriptions: vscode.Disposable[];

    constructor(
        private readonly model: Model,
        private readonly server: Server,
    ) {
        this.item.name = 'KV Lens';
        this.item.command = 'kvlens.menu';
        this.subscriptions = [
            this.item,
            model.onDidChange(() => this.update()),
            server.onState(() => this.update()),
        ];
    }

    dispose(): void {
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    private update(): void {
        const shown = this.describe();
        this.item.text = shown.text;
        this.item.tooltip = shown.tooltip;
        this.item.backgroundColor = shown.warn
            ? new vscode.ThemeColor('statusBarItem.warningBackground')
            : undefined;
        if (shown.text) {
            this.item.show();
        } else {
            this.item.hide();
        }
    }

    private describe(): { text: string; tooltip: string; warn?: boolean } {
        if (this.server.state === 'noPython' || this.server.state === 'failed') {
            return { text: '$(warning) KV Lens', tooltip: this.server.problem, warn: true };
        }
        if (this.server.state === 'starting' || !this.model.known) {
            return { text: '$(sync~spin) KV Lens', tooltip: t('KV Lens is starting') };
        }
        const projects = this.model.projects;
        const failed = projects.find((project) => project.state === 'failed');
        if (failed) {
            const tooltip = oneLine(t('Emulator of {0}: {1}', failed.label, failed.message ?? t('failed')));
            return { text: '$(warning) KV', tooltip, warn: true };
        }
        if (projects.some((project) => project.state === 'starting')) {
            return { text: '$(sync~spin) KV', tooltip: t('The KV emulator is starting') };
        }
        const running = projects.filter((project) => project.state === 'running' && project.url);
        if (running.length === 1) {
            const host = new URL(running[0].url ?? '').host;
            return { text: `$(database) KV ${host}`, tooltip: tooltipOf(running) };
        }
        if (running.length) {
            return { text: `$(database) ${t('KV {0} running', running.length)}`, tooltip: tooltipOf(running) };
        }
        return projects.length
            ? { text: '$(circle-outline) KV', tooltip: IDLE }
            : { text: '', tooltip: '' };
    }
}

function tooltipOf(projects: Project[]): string {
    return projects
        .flatMap((project) => [
            t('{0}: KV emulator at {1}', project.label, project.url ?? ''),
            t('Store {0}', project.store),
        ])
        .map(oneLine)
        .join('\n');
}
