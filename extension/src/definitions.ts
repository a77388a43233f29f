/** Go from a key in code to its value. */

import * as vscode from 'vscode';
import { uriOf } from './address';
import type { Server } from './server';

/** Return the values of the key at a position, of each environment that has it. */
export async function valuesAt(
    server: Server,
    document: vscode.TextDocument,
    { line, character }: vscode.Position,
    token: vscode.CancellationToken,
): Promise<vscode.Location[]> {
    const place = { uri: document.uri.toString(), position: { line, character } };
    const found = await server.ask('kvlens.atPosition', place, token).catch(() => []);
    const values = new Map<string, vscode.Location>();
    for (const { key, exists, ...space } of found) {
        if (key !== undefined && exists && !values.has(space.id)) {
            values.set(space.id, new vscode.Location(uriOf(space, key), new vscode.Position(0, 0)));
        }
    }
    return [...values.values()];
}
