/**
 * Where a document is among its edits, and where it was saved, as VS Code counts them.
 *
 * VS Code takes a document for saved when as many edits are made as when it was saved, also if they
 * are others: after edit, save, undo, and another edit. It then neither saves nor reverts it, and
 * closes it without a question. Such a document has to say by itself that it has changed.
 */

/** The position of one document. */
export class SavePoint {
    private at = 0;
    private savedAt = 0;
    private gone = false;

    /** Note a new edit; return whether undo and redo no longer lead to what was saved. */
    made(): boolean {
        this.gone ||= this.at < this.savedAt;
        this.at += 1;
        return this.gone;
    }

    undone(): void {
        this.at -= 1;
    }

    redone(): void {
        this.at += 1;
    }

    saved(): void {
        this.savedAt = this.at;
        this.gone = false;
    }

    reverted(): void {
        this.at = this.savedAt;
    }
}
