/** The projects of the window, with an event for each change. */

import * as vscode from 'vscode';
import { keepClocks } from './clock';
import * as format from './format';
import type { Changed, Namespace, Project, Target } from './protocol';
import type { Server } from './server';

const { t } = vscode.l10n;

const QUIET = 150; // ms without events before the projects are requested again

/** A namespace with all of its names. */
export type NamespaceRef = Required<Target>;

/** A namespace of a config, or one that isn't in any config. */
export interface AnyNamespace extends Omit<Namespace, 'range'> {
    /** Its place in the config. */
    range?: Namespace['range'];
    unclaimed?: boolean;
}

/** The projects of the workspace, as last received from the server. */
export class Model implements vscode.Disposable {
    private readonly emitter = new vscode.EventEmitter<Changed[]>();
    private readonly subscriptions: vscode.Disposable[];
    private timer: NodeJS.Timeout | undefined;
    private pending: Changed[] = [];
    private loading: Promise<void> | undefined;

    /** Fired when projects or keys have changed; the events say which; none means all. */
    readonly onDidChange = this.emitter.event;
    projects: Project[] = [];
    /** Whether the projects have been received. */
    known = false;

    constructor(private readonly server: Server) {
        this.subscriptions = [
            this.emitter,
            server.onState((state) => {
                if (state === 'running') {
                    void this.refresh();
                } else {
                    this.projects = [];
                    this.known = false;
                    this.emitter.fire([]);
                }
            }),
            server.onChanged((change) => this.later(change)),
            server.onStatus((status) => {
                const project = this.project(status.config);
                if (project) {
                    Object.assign(project, status);
                    this.emitter.fire([{ config: status.config }]);
                }
                this.later({ config: status.config });
            }),
        ];
    }

    dispose(): void {
        clearTimeout(this.timer);
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    /** Request all projects from the server and notify listeners. */
    async refresh(changes: Changed[] = []): Promise<void> {
        this.loading = this.load(changes);
        await this.loading;
    }

    /** Wait until the projects have been requested once, or can't be. */
    async ready(): Promise<void> {
        await this.server.settled();
        if (!this.known && this.server.state === 'running') {
            await (this.loading ?? this.refresh());
        }
    }

    /** Return the project of a config. */
    project(config: string): Project | undefined {
        return this.projects.find((one) => one.config === config);
    }

    /** Every namespace of every project, in the order of the files. */
    all(): { project: Project; namespace: Namespace }[] {
        return this.projects.flatMap((project) =>
            project.namespaces.map((namespace) => ({ project, namespace })),
        );
    }

    private later(change: Changed): void {
        this.pending.push(change);
        clearTimeout(this.timer);
        this.timer = setTimeout(() => {
            const changes = this.pending;
            this.pending = [];
            void this.refresh(changes);
        }, QUIET);
    }

    private async load(changes: Changed[]): Promise<void> {
        try {
            this.projects = await this.server.ask('kvlens.namespaces', {});
            const configs = this.projects.map((one) => vscode.Uri.parse(one.config).fsPath);
            void vscode.commands.executeCommand('setContext', 'kvlens.configs', configs);
            keepClocks(this.projects);
            this.known = true;
        } catch (error) {
            this.server.log.warn(`namespaces: ${format.reason(error)}`);
        }
        this.emitter.fire(changes);
    }
}

/** Describe a namespace with its config and store: `SESSIONS in apps/wrangler.toml`. */
export function whereIs(space: NamespaceRef, project: Project | undefined): string {
    const config = project?.label ?? vscode.workspace.asRelativePath(space.config);
    if (project?.unclaimed?.some(({ id }) => id === space.id)) {
        return t('{0} of {1}', storeOf(project), config);
    }
    return space.environment === null
        ? `${config}, ${storeOf(project)}`
        : t('{0}, environment {1}, {2}', config, space.environment, storeOf(project));
}

/** Describe the store of a project's keys. */
export function storeOf(project: Project | undefined): string {
    const store = project?.store ?? '';
    if (/^(wrangler:|memory:)/.test(store) || !store) {
        return store ? t('local store ({0})', store) : t('local store');
    }
    return store.startsWith('cloudflare:')
        ? t('remote store: Cloudflare ({0})', store)
        : t('store {0}', store);
}

/** Say in a word where a project's keys are. */
export function placeOf({ store }: Project): { word: string; isRemote: boolean } {
    if (/^(wrangler:|memory:)/.test(store)) {
        return { word: t('local'), isRemote: false };
    }
    const isRemote = store.startsWith('cloudflare:');
    return { word: isRemote ? t('remote') : t('shared'), isRemote };
}

/** Say in a word what a project's emulator does. */
export function stateOf({ state }: Project): string {
    return {
        running: t('running'),
        starting: t('starting'),
        stopped: t('stopped'),
        failed: t('failed'),
    }[state];
}

/** Return the target for requests about a namespace. */
export function reference(project: Project, namespace: AnyNamespace): NamespaceRef {
    const { id, binding, environment } = namespace;
    return { config: project.config, id, binding, environment };
}

