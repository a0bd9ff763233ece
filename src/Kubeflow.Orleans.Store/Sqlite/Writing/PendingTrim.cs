namespace Kubeflow.Orleans.Store.Sqlite.Writing;

/// <summary>Raises the floor and deletes one portion of what lies below it; portions, so that writers never wait long.</summary>
internal sealed class PendingTrim(long position) : PendingWork<LogState>
{
    private const int PositionsPerPortion = 1000;

    public override int Weight => PositionsPerPortion;

    protected override LogState Run(SqliteWriteSession session)
    {
        session.RaiseFloor(position);
        return session.DeleteForgotten(PositionsPerPortion);
    }
}
