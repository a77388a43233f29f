/** The language server: start it, show why it isn't running, send requests. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import {
    CloseAction,
    type CloseHandlerResult,
    DidChangeConfigurationNotification,
    type DynamicFeature,
    ErrorAction,
    ExecuteCommandRequest,
    LanguageClient,
    type LanguageClientOptions,
    RevealOutputChannelOn,
    State,
    type StaticFeature,
} from 'vscode-languageclient/node';
import { valuesAt } from './definitions';
import { type CommandLine, developmentServer } from './development';
import * as format from './format';
import { cancellableProgress } from './progress';
import {
    type Changed,
    type Commands,
    type ComparisonState,
    CONTENT_MODIFIED,
    type InProject,
    type Notifications,
    type Output,
    type Range,
    type Status,
    type ViewState,
} from './protocol';
import { findPython, NoPython } from './python';
import { brief } from './messages';
import { notice } from './visible';

const { t } = vscode.l10n;

export type ServerState = 'stopped' | 'starting' | 'running' | 'noPython' | 'failed';

/** The server isn't available. The text says why and what to do. */
export class ServerDown extends Error {}

/** The commands that links in hovers may run. */
const LINKED = ['kvlens.get', 'kvlens.put', 'kvlens.copyValue', 'kvlens.openNamespace'];

const MAX_CRASHES = 3; // within CRASH_SPAN; after one more, the server isn't restarted
const CRASH_SPAN = 180_000; // ms

/** The files for the server, by name: TOML files may have no language id. */
const PATTERNS = [
    // configs and seed files may have any name: the server knows which ones are
    '**/*.{toml,json,jsonc}',
    '**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx,astro,svelte,vue}',
];

/**
 * A client that doesn't register the server's commands.
 *
 * The palette's commands have the same ids: they prompt for what is missing and then call these.
 */
class Client extends LanguageClient {
    override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
        const method = 'registrationType' in feature ? feature.registrationType?.method : '';
        if (method !== ExecuteCommandRequest.method) {
            super.registerFeature(feature);
        }
    }
}

/** The one server of this window. */
export class Server implements vscode.Disposable {
    private client: Client | undefined;
    private starting: Promise<void> | undefined;
    private crashes: number[] = [];
    private readonly stateEmitter = new vscode.EventEmitter<ServerState>();
    private readonly changedEmitter = new vscode.EventEmitter<Changed>();
    private readonly historyEmitter = new vscode.EventEmitter<InProject>();
    private readonly statusEmitter = new vscode.EventEmitter<Status>();
    private readonly workerEmitter = new vscode.EventEmitter<Status>();
    private readonly outputEmitter = new vscode.EventEmitter<Output>();
    private readonly viewEmitter = new vscode.EventEmitter<ViewState>();
    private readonly comparisonEmitter = new vscode.EventEmitter<ComparisonState>();

    private readonly trust: vscode.Disposable;

    readonly onState = this.stateEmitter.event;
    readonly onChanged = this.changedEmitter.event;
    readonly onHistory = this.historyEmitter.event;
    readonly onStatus = this.statusEmitter.event;
    readonly onWorker = this.workerEmitter.event;
    readonly onOutput = this.outputEmitter.event;
    readonly onView = this.viewEmitter.event;
    readonly onComparison = this.comparisonEmitter.event;

    state: ServerState = 'stopped';
    /** Why the server isn't running. */
    problem = '';

    constructor(
        private readonly context: vscode.ExtensionContext,
        readonly log: vscode.LogOutputChannel,
    ) {
        this.trust = vscode.workspace.onDidGrantWorkspaceTrust(() => void this.configure());
    }

    /** Start the server, or wait for the current start. Errors are shown, not thrown. */
    start(): Promise<void> {
        this.starting ??= this.launch().finally(() => {
            this.starting = undefined;
        });
        return this.starting;
    }

    /** Wait until the server has started or failed to. */
    async settled(): Promise<void> {
        await this.starting;
    }

    /** Stop the server if it runs, and start it again. */
    async restart(): Promise<void> {
        await this.starting;
        await this.stop();
        await this.start();
    }

    /** Stop the server; its emulators end with it. */
    async stop(): Promise<void> {
        const client = this.client;
        this.client = undefined;
        if (client) {
            await client.dispose().catch((error) => this.log.warn(`stopping: ${error}`));
        }
    }

    dispose(): void {
        vscode.Disposable.from(
            this.trust,
            this.stateEmitter,
            this.changedEmitter,
            this.historyEmitter,
            this.statusEmitter,
            this.workerEmitter,
            this.outputEmitter,
            this.viewEmitter,
            this.comparisonEmitter,
        ).dispose();
    }

    /**
     * Run one of the server's commands.
     *
     * @throws ServerDown if the server isn't running; Error with the server's own message
     */
    async ask<C extends keyof Commands>(
        command: C,
        params: Commands[C][0],
        token?: vscode.CancellationToken,
    ): Promise<Commands[C][1]> {
        await this.starting;
        if (!this.client || this.state !== 'running') {
            throw new ServerDown(this.problem || t("The KV Lens server isn't running."));
        }
        const request = { command, arguments: [params] };
        try {
            return await this.client.sendRequest(ExecuteCommandRequest.type, request, token);
        } catch (error) {
            if (error instanceof Error) {
                error.message = notice(error.message); // VS Code itself may show it
            }
            throw error;
        }
    }

    private async launch(): Promise<void> {
        this.setState('starting');
        try {
            const command = developmentServer(this.context) ?? (await this.bundledServer());
            this.client = this.newClient(command);
            await this.client.start();
            this.setState('running');
        } catch (error) {
            const text = format.reason(error);
            this.log.error(text);
            if (error instanceof NoPython) {
                this.setState('noPython', text);
            } else {
                this.setState('failed', t("The KV Lens server didn't start. See the log."));
            }
        }
    }

    /** @throws NoPython if no interpreter can run it */
    private async bundledServer(): Promise<CommandLine> {
        const bundled = path.join(this.context.extensionPath, 'bundled');
        const python = await findPython({
            setting: vscode.workspace.getConfiguration('kvlens').get('interpreter', '').trim(),
            bundled,
            workspace: (vscode.workspace.workspaceFolders ?? []).map((f) => f.uri.fsPath),
        });
        this.log.info(`Python ${python.version} at ${python.path}`);
        const main = path.join(bundled, 'kvlens', '__main__.py');
        // -I: neither the current folder nor PYTHON* variables can put code on the path.
        return { command: python.path, args: ['-I', '-X', 'utf8', main, 'lsp'] };
    }

    private newClient(command: CommandLine): Client {
        const executable = { ...command, options: { cwd: this.context.extensionPath } };
        const options: LanguageClientOptions = {
            documentSelector: PATTERNS.map((pattern) => ({ scheme: 'file', pattern })),
            outputChannel: this.log,
            revealOutputChannelOn: RevealOutputChannelOn.Never,
            synchronize: { configurationSection: 'kvlens' },
            // Pushed diagnostics arrive with the keystroke; pulled, they'd arrive a round trip later.
            initializationOptions: () => ({
                ...settings(),
                push: true,
                output: true,
                palette: true,
            }),
            initializationFailedHandler: () => false, // reported by launch()
            errorHandler: {
                error: () => ({ action: ErrorAction.Continue, handled: true }),
                closed: () => this.closed(),
            },
            markdown: { isTrusted: { enabledCommands: LINKED } },
            middleware: {
                provideDefinition: async (document, position, token, next) => {
                    const found = await next(document, position, token);
                    const none = !found || (Array.isArray(found) && !found.length);
                    return none ? valuesAt(this, document, position, token) : found;
                },
                handleWorkDoneProgress: cancellableProgress(() => this.client),
                workspace: { didChangeConfiguration: () => this.configure() },
            },
        };
        const client = new Client('kvlens', 'KV Lens', executable, options);
        const tell = <M extends keyof Notifications>(
            method: M,
            emitter: vscode.EventEmitter<Notifications[M]>,
        ): void => {
            client.onNotification(method, (params: Notifications[M]) => emitter.fire(params));
        };
        tell('kvlens/changed', this.changedEmitter);
        tell('kvlens/history', this.historyEmitter);
        tell('kvlens/status', this.statusEmitter);
        tell('kvlens/worker', this.workerEmitter);
        tell('kvlens/output', this.outputEmitter);
        tell('kvlens/view', this.viewEmitter);
        tell('kvlens/comparison', this.comparisonEmitter);
        client.onDidChangeState(({ newState }) => {
            if (client === this.client && newState === State.Running && !this.starting) {
                this.setState('running'); // again, after a crash
                brief(t('KV Lens restarted after an error'));
            }
        });
        return client;
    }

    /** Send the server the settings, and whether the user trusts the workspace. */
    private async configure(): Promise<void> {
        const sent = { settings: { kvlens: settings() } };
        await this.client?.sendNotification(DidChangeConfigurationNotification.type, sent);
    }

    /** Decide whether to restart a server that exited on its own. */
    private closed(): CloseHandlerResult {
        if (this.starting) {
            return { action: CloseAction.DoNotRestart, handled: true };
        }
        const now = Date.now();
        this.crashes = [...this.crashes.filter((time) => time > now - CRASH_SPAN), now];
        if (this.crashes.length > MAX_CRASHES) {
            this.setState('failed', t('The KV Lens server keeps crashing. See the log.'));
            return { action: CloseAction.DoNotRestart, handled: true };
        }
        this.setState('starting');
        return { action: CloseAction.Restart, handled: true };
    }

    private setState(state: ServerState, problem = ''): void {
        this.state = state;
        this.problem = problem;
        this.stateEmitter.fire(state);
    }
}

/** The settings for the server, which also needs to know whether the workspace is trusted. */
function settings(): Record<string, unknown> {
    return { ...vscode.workspace.getConfiguration('kvlens'), trusted: vscode.workspace.isTrusted };
}

/** A file with mistakes, and where the first one is. */
export interface Mistakes {
    file: string;
    count: number;
    range: Range;
}

/** Return what the server says about an error, apart from its text. */
export function detailsOf(error: unknown): { kind?: string; mistakes?: Mistakes[] } {
    return (error as { data?: object } | undefined)?.data ?? {};
}

/** Return whether a request was refused because something has changed since it was read. */
export function isModified(error: unknown): boolean {
    return (error as { code?: unknown } | undefined)?.code === CONTENT_MODIFIED;
}
