/** The mistakes that stop a Worker from being built, in the Problems panel. */

import * as vscode from 'vscode';
import type { BuildProblem, Output } from './protocol';
import type { Server } from './server';
import { oneLine } from './visible';

/** Shows the mistakes of the last build of each Worker, until a build succeeds or it stops. */
export class BuildProblems implements vscode.Disposable {
    private readonly collection = vscode.languages.createDiagnosticCollection('kvlens-build');
    private readonly failed = new Map<string, BuildProblem[]>();
    private readonly subscriptions: vscode.Disposable[];

    constructor(server: Server) {
        this.subscriptions = [
            this.collection,
            server.onOutput((output) => this.said(output)),
            server.onWorker(({ config, state }) => {
                if (state !== 'running') {
                    this.set(config);
                }
            }),
        ];
    }

    dispose(): void {
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    private said({ config, event, problems }: Output): void {
        if (event === 'failed') {
            this.set(config, problems);
        } else if (event === 'restarted') {
            this.set(config);
        }
    }

    private set(config: string, problems: BuildProblem[] = []): void {
        this.failed.set(config, problems);
        const files = new Map<string, vscode.Diagnostic[]>();
        for (const one of [...this.failed.values()].flat()) {
            files.set(one.file, [...(files.get(one.file) ?? []), diagnostic(one)]);
        }
        this.collection.clear();
        this.collection.set([...files].map(([file, found]) => [vscode.Uri.file(file), found]));
    }
}

/** An empty range underlines the word there. */
function diagnostic({ line, column, message }: BuildProblem): vscode.Diagnostic {
    const at = new vscode.Position(line - 1, Math.max(0, column - 1));
    const made = new vscode.Diagnostic(new vscode.Range(at, at), oneLine(message));
    made.source = 'kvlens';
    made.code = 'build';
    return made;
}
