/** Changes of open values: the editor is notified, and tabs follow keys and namespaces. */

import * as vscode from 'vscode';
import { placeOf, uriOf } from '../address';
import { reference } from '../model';
import { documentOf, follow, isOpen } from '../openDocuments';
import type { Changed, Project, Value } from '../protocol';
import type { Server } from '../server';
import { peek } from '../values';
import { SETTLED } from './looks';
import type { Seen } from './seen';
import type { SeenValues } from './seenValues';

/** Reads open values again when the server reports a change, and when they expire. */
export class Changes implements vscode.Disposable {
    private readonly files = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
    private readonly subscription: vscode.Disposable;

    readonly onDidChangeFile = this.files.event;

    constructor(
        private readonly server: Server,
        private readonly values: SeenValues,
    ) {
        this.subscription = vscode.Disposable.from(
            this.files,
            values.onDidExpire(() => void this.changed({})),
            server.onChanged((change) => void this.changed(change)),
            server.onStatus(({ config, state }) => {
                if (state === 'running') {
                    void this.changed({ config }); // perhaps on another store
                }
            }),
        );
    }

    dispose(): void {
        this.subscription.dispose();
    }

    /** Read a value again, and notify the editor if it isn't the one that it shows. */
    async refresh(seen: Seen): Promise<void> {
        const { uri, gone } = seen;
        if (!isOpen(uri)) {
            this.values.forgetClosed(seen);
            return;
        }
        try {
            const { digest } = await this.values.fetch(seen);
            if (!documentOf(uri)?.isDirty) {
                this.values.setOrigin(seen, { ...seen.lastOrigin, declared: seen.declared });
            }
            if (digest === seen.shown && !gone) {
                return;
            }
            if (seen.written && Date.now() < seen.written.at + SETTLED) {
                // The editor is about to check what it wrote, and must not see another value.
                setTimeout(() => void this.refresh(seen), SETTLED);
                return;
            }
            seen.written = undefined;
            const changed = { type: vscode.FileChangeType.Changed, uri };
            const created = { type: vscode.FileChangeType.Created, uri };
            this.files.fire(gone ? [created, changed] : [changed]);
        } catch (error) {
            if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') {
                seen.written = undefined;
                this.files.fire([{ type: vscode.FileChangeType.Deleted, uri }]);
            }
        }
    }

    private async changed(change: Changed): Promise<void> {
        const { config, moved } = change;
        if (config && moved) {
            await this.moved(config, moved.old, moved.new);
        } else if (config && !change.id) {
            await this.renamed(config);
        }
        for (const seen of this.values.all()) {
            const { config, id } = placeOf(seen.uri);
            const other = change.config !== undefined && change.config !== config;
            if (!other && (!change.id || change.id === id)) {
                await this.refresh(seen);
            }
        }
    }

    /** Move the documents of moved keys; those with changes move when they are saved. */
    private async moved(config: string, from: string, to: string): Promise<void> {
        const project = await this.project(config);
        const space = project?.namespaces.find(({ id }) => id === to);
        if (!project || !space) {
            return;
        }
        for (const seen of this.values.all()) {
            const { key, view, ...place } = placeOf(seen.uri);
            if (place.config !== config || place.id !== from || view) {
                continue;
            }
            const there = (id: string): Promise<Value | null> =>
                peek(this.server, { config, id }, key).catch(() => null);
            if (!(await there(from)) && (await there(to))) {
                seen.movedTo = reference(project, space);
                await follow(seen.uri, uriOf(seen.movedTo, key));
            }
        }
    }

    /** Give tabs without changes the name that their namespace has in the config now. */
    private async renamed(config: string): Promise<void> {
        const open = this.values.all().filter(({ uri }) => placeOf(uri).config === config);
        const project = open.length ? await this.project(config) : undefined;
        if (!project) {
            return;
        }
        for (const { uri } of open) {
            const { id, binding, environment, key, view } = placeOf(uri);
            const same = project.namespaces.filter((one) => one.id === id);
            const named = same.some(
                (one) => one.binding === binding && one.environment === environment,
            );
            if (same.length && !named && !view) {
                await follow(uri, uriOf(reference(project, same[0]), key));
            }
        }
    }

    /** Return a project as the server knows it; undefined if it doesn't answer. */
    private async project(config: string): Promise<Project | undefined> {
        const projects = await this.server.ask('kvlens.namespaces', {}).catch(() => []);
        return projects.find((one) => one.config === config);
    }
}
