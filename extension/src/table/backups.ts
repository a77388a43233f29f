/** Files that keep the unsaved changes of tables, for when the window ends. */

import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import type { Backup } from './staged';

/** The backups of a workspace's tables. */
export class Backups {
    constructor(private readonly context: vscode.ExtensionContext) {}

    async read(uri: vscode.Uri): Promise<Backup | undefined> {
        try {
            const bytes = await vscode.workspace.fs.readFile(this.fileOf(uri));
            return JSON.parse(Buffer.from(bytes).toString()) as Backup;
        } catch {
            return undefined; // there is none
        }
    }

    async write(uri: vscode.Uri, backup: Backup): Promise<vscode.CustomDocumentBackup> {
        const file = this.fileOf(uri);
        await vscode.workspace.fs.writeFile(file, Buffer.from(JSON.stringify(backup)));
        return { id: file.toString(), delete: () => void this.delete(uri) };
    }

    async delete(uri: vscode.Uri): Promise<void> {
        try {
            await vscode.workspace.fs.delete(this.fileOf(uri));
        } catch {
            // there is none
        }
    }

    /** The file that keeps a table's changes: always the same, so that it is found again. */
    private fileOf(uri: vscode.Uri): vscode.Uri {
        const { storageUri, globalStorageUri } = this.context;
        const folder = storageUri ?? globalStorageUri;
        const name = createHash('sha256').update(uri.query).digest('hex').slice(0, 32);
        return vscode.Uri.joinPath(folder, 'tables', `${name}.json`);
    }
}
