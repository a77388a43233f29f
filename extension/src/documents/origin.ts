/** Where the values in the editor were read; for restored windows, in the workspace's state. */

import type * as vscode from 'vscode';
import type { NamespaceRef } from '../model';

const STATE = 'kvlens.origins';
const MOST = 500; // documents; older ones are forgotten

/** Where a document's value was read. */
export interface Origin {
    /** The store's URL, without passwords. */
    store?: string;
    /** Whether a config declared the namespace. */
    declared?: boolean;
    /** Where its key has been moved since. */
    movedTo?: NamespaceRef;
}

/** The state outlives the window, as unsaved texts do. */
export class Origins {
    constructor(private readonly state: vscode.Memento) {}

    /** Return where a document's value was read. */
    of(uri: vscode.Uri): Origin | undefined {
        return this.all()[uri.toString()];
    }

    /** Remember where a document's value was read. */
    keep(uri: vscode.Uri, { store, declared }: Origin): void {
        const id = uri.toString();
        const known = this.all();
        if (known[id]?.store !== store || known[id]?.declared !== declared) {
            const others = Object.entries(known).filter(([other]) => other !== id);
            const latest = [...others, [id, { store, declared }]].slice(-MOST);
            void this.state.update(STATE, Object.fromEntries(latest));
        }
    }

    private all(): Record<string, Origin> {
        return this.state.get<Record<string, Origin>>(STATE, {});
    }
}
